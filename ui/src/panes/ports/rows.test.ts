import { describe, expect, it } from "vitest";
import { fresh, rowsOf, serverLabel, serverName, tokenOf } from "./rows";

const listening = (port: number, command?: string, process?: string) => ({
  port,
  address: "127.0.0.1",
  command,
  process,
});
const exposed = (port: number) => ({
  port,
  url: `http://${port}-x-t.localhost:1/`,
  status: "active" as const,
});

describe("the ports of a sandbox", () => {
  it("are one row each, in order, whether they listen, are exposed, or both", () => {
    const rows = rowsOf([listening(8080), listening(80)], [exposed(8080), exposed(3000)]);
    expect(rows.map(({ port, ...row }) => [port, !!row.listening, !!row.exposed])).toEqual([
      [80, true, false],
      [3000, false, true],
      [8080, true, true],
    ]);
  });

  it("are new when they did not listen before", () => {
    expect(fresh([listening(1)], [listening(1), listening(2)]).map(({ port }) => port)).toEqual([2]);
  });

  it.each([
    ["python3 -m http.server 8000", "http.server"],
    ["/usr/bin/python3.11 -u site/server.py --debug", "server.py"],
    ["node /workspace/node_modules/.bin/vite --host", "vite"],
    ["deno run --allow-net app.ts", "app.ts"],
    ["/usr/sbin/nginx -g daemon off;", "nginx"],
    ["python3", "python3"],
  ])("are named after what serves: %s", (command, name) => {
    expect(serverName(listening(1, command, command.startsWith("/usr/sbin") ? "nginx" : "python3"))).toBe(
      name,
    );
  });

  it("say so when the owner could not be found", () => {
    expect(serverLabel(listening(1))).toBe("a process");
  });

  it("keep the secret of their address", () => {
    expect(tokenOf("http://8080-my-box-k3v9x2.localhost:7071/")).toBe("k3v9x2");
  });
});
