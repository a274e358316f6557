import {
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from "@fluentui/react-components";

import { useMe } from "../lib/me";
import { useSignOut } from "../lib/sign-out";
import { languages, useWords, type Language } from "../text/text";
import { Face } from "./face";
import { useTheme, type ThemeChoice } from "./theme";

/** What concerns the person, whatever the screen. It is fetched when it is wanted, and opens then. */
export function PersonMenu() {
  const { text, language, choose } = useWords();
  const theme = useTheme();
  const me = useMe();
  const signOut = useSignOut();
  const name = me.displayName ?? me.email ?? me.id;
  const choices: readonly ThemeChoice[] = ["light", "dark", "system"];
  return (
    <Menu defaultOpen checkedValues={{ theme: [theme.choice], language: [language] }}>
      <MenuTrigger disableButtonEnhancement>
        <Face name={name} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{text.theme.label}</MenuGroupHeader>
            {choices.map((choice) => (
              <MenuItemRadio key={choice} name="theme" value={choice} onClick={() => theme.choose(choice)}>
                {text.theme[choice]}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{text.language.label}</MenuGroupHeader>
            {(Object.keys(languages) as Language[]).map((key) => (
              <MenuItemRadio key={key} name="language" value={key} onClick={() => choose(key)}>
                {languages[key].name}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuItem onClick={signOut}>{text.signOut}</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  );
}
