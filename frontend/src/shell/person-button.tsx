import { lazy, Suspense, useState } from "react";

import { useMe } from "../lib/me";
import { Face } from "./face";

const PersonMenu = lazy(async () => ({ default: (await import("./person-menu")).PersonMenu }));

/** Opens the person's menu, which is fetched then. */
export function PersonButton() {
  const me = useMe();
  const [isWanted, setIsWanted] = useState(false);
  const face = <Face name={me.displayName ?? me.email ?? me.id} aria-haspopup="menu" onClick={() => setIsWanted(true)} />;
  return isWanted ? (
    <Suspense fallback={face}>
      <PersonMenu />
    </Suspense>
  ) : (
    face
  );
}
