import { Avatar, Button, type ButtonProps } from "@fluentui/react-components";
import type { ButtonHTMLAttributes, Ref } from "react";

import { Unseen } from "./unseen";

type Given = Pick<ButtonHTMLAttributes<HTMLButtonElement>, "onClick" | "aria-haspopup" | "aria-expanded" | "id">;
interface FaceProps extends Given {
  readonly name: string;
  readonly ref?: Ref<HTMLButtonElement>;
}

/** The button with the person's initials. */
export function Face({ name, ...button }: FaceProps) {
  return (
    <Button
      {...(button as ButtonProps)}
      appearance="subtle"
      shape="circular"
      icon={
        <span>
          <Avatar name={name} size={28} color="brand" aria-hidden />
          <Unseen>{name}</Unseen>
        </span>
      }
    />
  );
}
