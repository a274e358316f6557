import { expect, it } from "vitest";

import { agentOf } from "../src/me/agent";

it("a program is called by its name and the system it runs on", () => {
  const of = (text: string) => {
    const agent = agentOf(text);
    return [agent?.program, agent?.system].filter((word) => word !== undefined).join(", ");
  };
  const webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
  expect(of(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} HeadlessChrome/156.0.0.0 Safari/537.36`)).toBe("Chrome, Linux");
  expect(of(`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`)).toBe("Edge, Windows");
  expect(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 14.7; rv:141.0) Gecko/20100101 Firefox/141.0")).toBe("Firefox, macOS");
  expect(of("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/604.1")).toBe(
    "Safari, iOS",
  );
  expect(of("curl/8.5.0")).toBe("curl");
  expect(agentOf("")).toBeUndefined();
  expect(agentOf(null)).toBeUndefined();
});
