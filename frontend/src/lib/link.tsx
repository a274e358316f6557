import { Button, Link, type ButtonProps, type LinkProps } from "@fluentui/react-components";
import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Anchor = Pick<AnchorHTMLAttributes<HTMLAnchorElement>, "href" | "target" | "onClick" | "children" | "className"> & {
  readonly ref?: Ref<HTMLAnchorElement>;
};

/** A link in text to a screen. */
export const TextLink = createLink(({ ...props }: Anchor & { readonly appearance?: LinkProps["appearance"] }) => (
  <Link {...(props as LinkProps)} />
));

/** A link to a screen that looks like a button. */
export const ButtonLink = createLink(
  ({ ...props }: Anchor & Pick<ButtonProps, "appearance" | "icon" | "size" | "aria-label">) => <Button {...({ ...props, as: "a" } as ButtonProps)} />,
);
