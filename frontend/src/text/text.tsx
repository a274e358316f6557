import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";

import { remembered, remember } from "../lib/remembered";
import { en, type Translation } from "./en";
import { it } from "./it";

export const languages = { en: { name: "English", text: en as Translation }, it: { name: "Italiano", text: it } };
export type Language = keyof typeof languages;

interface Words {
  readonly language: Language;
  readonly text: Translation;
  readonly choose: (language: Language) => void;
  /** A day, as people of this language write it. */
  readonly day: (time: string) => string;
  /** A moment, to the minute. */
  readonly moment: (time: string) => string;
}

const WordsContext = createContext<Words | null>(null);

const isLanguage = (word: string): word is Language => word in languages;

function firstChoice(): Language {
  const wanted = [remembered("language"), ...navigator.languages].map((tag) => tag?.slice(0, 2) ?? "");
  return wanted.find(isLanguage) ?? "en";
}

/** Everything below speaks the language that the person chose, or else their browser. */
export function WordsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstChoice);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const words = useMemo<Words>(() => {
    const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
    const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
    return {
      language,
      text: languages[language].text,
      choose: (chosen) => {
        remember("language", chosen);
        setLanguage(chosen);
      },
      day: (time) => day.format(new Date(time)),
      moment: (time) => moment.format(new Date(time)),
    };
  }, [language]);
  return <WordsContext value={words}>{children}</WordsContext>;
}

/** The words of the chosen language. */
export function useWords(): Words {
  const words = use(WordsContext);
  if (words === null) throw new Error("there is no WordsProvider above");
  return words;
}
