import { createContext, use, useEffect, useMemo, useState, type ReactNode } from "react";

import { remembered, remember } from "../lib/remembered";
import { sizeIn } from "./size";
import type { Translation } from "./en";

/** Only the words of one language are fetched. */
export const languages = {
  en: { name: "English", load: async (): Promise<Translation> => (await import("./en")).text },
  it: { name: "Italiano", load: async (): Promise<Translation> => (await import("./it")).text },
};
export type Language = keyof typeof languages;

interface Words {
  readonly language: Language;
  readonly text: Translation;
  readonly choose: (language: Language) => void;
  /** A day, as people of this language write it. */
  readonly day: (time: string) => string;
  /** A moment, to the minute. */
  readonly moment: (time: string) => string;
  readonly number: (value: number) => string;
  /** A number of bytes, in the unit that fits. */
  readonly size: (bytes: number) => string;
}

const WordsContext = createContext<Words | null>(null);

const isLanguage = (word: string): word is Language => word in languages;

function firstChoice(): Language {
  const wanted = [remembered("language"), ...navigator.languages].map((tag) => tag?.slice(0, 2) ?? "");
  return wanted.find(isLanguage) ?? "en";
}

interface Chosen {
  readonly language: Language;
  readonly text: Translation;
}

async function load(language: Language): Promise<Chosen> {
  return { language, text: await languages[language].load() };
}

/** The language that the person chose, or else that of their browser. */
export const firstWords = (): Promise<Chosen> => load(firstChoice());

/** Everything below speaks one language: at first that of `first`. */
export function WordsProvider({ first, children }: { readonly first: Chosen; readonly children: ReactNode }) {
  const [{ language, text }, setChosen] = useState(first);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const words = useMemo<Words>(() => {
    // British or American, as the browser has it.
    const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
    const day = new Intl.DateTimeFormat(locale, { dateStyle: "medium" });
    const moment = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
    const number = new Intl.NumberFormat(locale);
    return {
      language,
      text,
      choose: (chosen) => {
        remember("language", chosen);
        void load(chosen).then(setChosen);
      },
      day: (time) => day.format(new Date(time)),
      moment: (time) => moment.format(new Date(time)),
      number: (value) => number.format(value),
      size: sizeIn(locale),
    };
  }, [language, text]);
  return <WordsContext value={words}>{children}</WordsContext>;
}

/** The words of the chosen language. */
export function useWords(): Words {
  const words = use(WordsContext);
  if (words === null) throw new Error("there is no WordsProvider above");
  return words;
}
