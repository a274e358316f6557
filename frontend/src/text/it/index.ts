import type { Translation } from "../en";
import { apiKeys } from "./api-keys";
import { connections } from "./connections";
import { organization } from "./organization";
import { operator } from "./operator";
import { sharepoint } from "./sharepoint";
import { shell } from "./shell";

/** The words of the console in Italian. */
export const text: Translation = { ...shell, ...organization, sharepoint, apiKeys, connections, operator };
