import { createDOMRenderer, FluentProvider, RendererProvider, webDarkTheme, webLightTheme } from "@fluentui/react-components";
import { createContext, use, useEffect, useMemo, useState, useSyncExternalStore, type ReactNode } from "react";

import { remember, remembered } from "../lib/remembered";

export type ThemeChoice = "light" | "dark" | "system";

interface Theme {
  readonly choice: ThemeChoice;
  readonly choose: (choice: ThemeChoice) => void;
}

const ThemeContext = createContext<Theme | null>(null);
const darkness = globalThis.matchMedia("(prefers-color-scheme: dark)");

function isChoice(word: string | null): word is ThemeChoice {
  return word === "light" || word === "dark" || word === "system";
}

function onDarkness(changed: () => void): () => void {
  darkness.addEventListener("change", changed);
  return () => darkness.removeEventListener("change", changed);
}

/** The nonce of this very page: the policy admits no other style elements. */
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
const renderer = createDOMRenderer(document, { styleElementAttributes: { nonce } });

/** Fluent's light or dark theme, as the person chose or as the system has it. */
export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(() => {
    const kept = remembered("theme");
    return isChoice(kept) ? kept : "system";
  });
  const systemIsDark = useSyncExternalStore(onDarkness, () => darkness.matches);
  const dark = choice === "system" ? systemIsDark : choice === "dark";
  useEffect(() => {
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  const theme = useMemo<Theme>(
    () => ({
      choice,
      choose: (chosen) => {
        remember("theme", chosen);
        setChoice(chosen);
      },
    }),
    [choice],
  );
  return (
    <ThemeContext value={theme}>
      <RendererProvider renderer={renderer} targetDocument={document}>
        <FluentProvider theme={dark ? webDarkTheme : webLightTheme} style={{ height: "100%" }}>
          {children}
        </FluentProvider>
      </RendererProvider>
    </ThemeContext>
  );
}

export function useTheme(): Theme {
  const theme = use(ThemeContext);
  if (theme === null) throw new Error("there is no ThemeProvider above");
  return theme;
}
