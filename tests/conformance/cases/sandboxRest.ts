/** The client's `Sandbox` class, in a stand-in for its Durable Object: files, sessions, code, ports, terminals. */
import { getSandbox, proxyTerminal, proxyToSandbox, type Sandbox } from "@cloudflare/sandbox";
import { expect } from "vitest";
import { cases } from "../support/cases.ts";
import { namespace, sandboxOf } from "../support/durable.ts";
import { all, failure, Reading, textOf } from "../support/read.ts";
import { type SandboxTrial, sandboxCases } from "../support/sandboxCases.ts";
import type { End } from "../support/sockets.ts";

sandboxCases("writeFile", {
  "writes what readFile reads": async ({ box, folder }) => {
    await box.writeFile(`${folder}/a`, "text");
    expect((await box.readFile(`${folder}/a`)).content).toBe("text");
    await box.writeFile(`${folder}/b`, "/wA=", { encoding: "base64" });
    expect(await box.readFile(`${folder}/b`)).toMatchObject({ content: "/wA=", encoding: "base64", isBinary: true });
  },
});
sandboxCases("readFileStream", {
  "gives the events": async ({ box, folder }) => {
    await box.writeFile(`${folder}/a`, "text");
    expect((await all(await box.readFileStream(`${folder}/a`))).map(({ type }) => type)).toEqual([
      "metadata",
      "chunk",
      "complete",
    ]);
  },
});
sandboxCases("mkdir", {
  "and all the others work on the same files": async ({ box, folder }) => {
    await box.mkdir(`${folder}/a/b`, { recursive: true });
    await box.writeFile(`${folder}/a/b/c`, "");
    await box.renameFile(`${folder}/a/b/c`, `${folder}/a/b/d`);
    await box.moveFile(`${folder}/a/b/d`, `${folder}/d`);
    expect((await box.listFiles(folder)).files.map(({ name }) => name).sort()).toEqual(["a", "d"]);
    await box.deleteFile(`${folder}/d`);
    expect((await box.exists(`${folder}/d`)).exists).toBe(false);
  },
});
sandboxCases("watch", {
  "tells changes": async ({ box, folder }) => {
    const reading = new Reading(await box.watch(folder));
    await box.writeFile(`${folder}/a`, "");
    await reading.until(({ path }) => path === `${folder}/a`);
    await reading.close();
  },
});
sandboxCases("checkChanges", {
  "knows of changes since a version": async ({ box, folder }) => {
    const { version } = await box.checkChanges(folder);
    await box.writeFile(`${folder}/a`, "");
    expect((await box.checkChanges(folder, { since: version })).status).toBe("changed");
  },
});
sandboxCases("gitCheckout", {
  clones: async ({ box, session, folder }) => {
    await session.exec(
      "git init -q -b main r && cd r && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one",
    );
    expect(await box.gitCheckout(`file://${folder}/r`, { targetDir: `${folder}/c`, depth: 1 })).toMatchObject({
      success: true,
      branch: "main",
    });
  },
});
sandboxCases("createSession", {
  "gives one that keeps to itself, and can be got again and deleted": async ({ box, name, folder }) => {
    const session = await box.createSession({ id: `${name}-s`, env: { MINE: "1" }, cwd: folder });
    await session.exec("export MORE=2");
    const again = await box.getSession(`${name}-s`);
    expect((await again.exec("echo $PWD $MINE $MORE")).stdout).toBe(`${folder} 1 2\n`);
    expect(await box.deleteSession(`${name}-s`)).toMatchObject({ success: true, sessionId: `${name}-s` });
    expect((await again.exec("echo ${MINE-fresh}")).stdout).toBe("fresh\n");
  },
  "limits the time of its commands": async ({ box, name }) => {
    const session = await box.createSession({ id: `${name}-t`, commandTimeoutMs: 300 });
    expect(await failure(session.exec("sleep 1000"))).toMatchObject({ code: "COMMAND_EXECUTION_ERROR" });
  },
  "says when it ends, and has another shell next": async ({ session }) => {
    expect(await failure(session.exec("exit 9"))).toMatchObject({
      name: "SessionTerminatedError",
      httpStatus: 410,
      context: { exitCode: 9 },
    });
    expect((await session.exec("echo fresh")).stdout).toBe("fresh\n");
  },
});
sandboxCases("runCode", {
  runs: async ({ box }) => {
    const context = await box.createCodeContext({ language: "python" });
    const execution = await box.runCode("print('hi'); 6 * 7", { context });
    expect(execution).toMatchObject({ logs: { stdout: ["hi\n"], stderr: [] }, results: [{ text: "42" }] });
    expect(textOf(await all(await box.runCodeStream("print('on')", { context })))).toBe("on\n");
    expect((await box.listCodeContexts()).map(({ id }) => id)).toContain(context.id);
    await box.deleteCodeContext(context.id);
  },
});
sandboxCases("getContainerPlacementId", {
  "knows that there is none": async ({ box }) => {
    await box.exec("true");
    expect(await box.getContainerPlacementId()).toBeNull();
  },
});
sandboxCases("mountBucket", {
  "fails with the client's own error": async ({ box }) => {
    expect(await failure(box.mountBucket("none", "/mnt/none", {}))).toMatchObject({ name: "InvalidMountConfigError" });
    expect(await failure(box.unmountBucket("/mnt/none"))).toMatchObject({ name: "InvalidMountConfigError" });
  },
});
sandboxCases("createBackup", {
  "fails with the client's own error": async ({ box, folder }) => {
    expect(await failure(box.createBackup({ dir: folder }))).toMatchObject({ code: "INVALID_BACKUP_CONFIG" });
    const none = { id: crypto.randomUUID(), dir: folder };
    expect(await failure(box.restoreBackup(none))).toMatchObject({ code: "INVALID_BACKUP_CONFIG" });
  },
});

sandboxCases("setTransport", {
  "and the other settings leave it working": async ({ box, transport, folder }) => {
    await box.setTransport(transport === "http" ? "websocket" : "http");
    await box.setKeepAlive(true);
    await box.setSleepAfter("5m");
    await box.setLabels({ tried: "yes" });
    await box.setContainerTimeouts({ waitIntervalMS: 200 });
    expect((await box.exec(`echo changed > ${folder}/over; cat ${folder}/over`)).stdout).toBe("changed\n");
    await box.setTransport(transport);
  },
});

const HOSTNAME = "localhost:8787";

sandboxCases("exposePort", {
  "makes a URL that proxyToSandbox serves, until it is unexposed": async ({ gateway, sandbox, transport, session }) => {
    const bound = namespace(gateway, sandbox);
    const box = getSandbox(bound, sandbox.id, { transport }) as unknown as Sandbox;
    const process = await session.startProcess(
      "echo served > index.html; exec python3 -u -m http.server 20803 --bind 127.0.0.1",
    );
    await process.waitForLog("Serving");
    const { url, port } = await box.exposePort(20803, { hostname: HOSTNAME, token: "my_token" });
    expect([url, port]).toEqual([`http://20803-${sandbox.id}-my_token.localhost:8787/`, 20803]);
    expect(await box.getExposedPorts(HOSTNAME)).toEqual([{ url, port, status: "active" }]);
    expect([
      await box.isPortExposed(port),
      await box.validatePortToken(port, "my_token"),
      await box.validatePortToken(port, "x"),
    ]).toEqual([true, true, false]);
    const ask = async (address: string) => proxyToSandbox(new Request(address), { Sandbox: bound });
    expect(await (await ask(url))?.text()).toBe("served\n");
    expect((await ask(url.replace("my_token", "other")))?.status).toBe(404);
    await box.unexposePort(port);
    expect((await ask(url))?.status).toBe(404);
    await process.kill();
  },
});

async function terminal({ box }: SandboxTrial): Promise<End> {
  const headers = { Upgrade: "websocket", Connection: "Upgrade" };
  const open = (box as unknown as { terminal(request: Request, options: object): Promise<Response> }).terminal;
  const answer = await open(new Request("http://localhost/terminal", { headers }), { cols: 90, rows: 20 });
  expect(answer.status).toBe(101);
  return (answer as Response & { webSocket: End }).webSocket;
}

/** Collects what a terminal says, and waits for words in it. */
function listening(socket: End) {
  let text = "";
  const decoder = new TextDecoder();
  let look: () => void = () => undefined;
  socket.addEventListener("message", (event) => {
    const { data } = event as MessageEvent<string | ArrayBuffer>;
    text += typeof data === "string" ? data : decoder.decode(data, { stream: true });
    look();
  });
  socket.accept();
  const until = (wanted: string) =>
    new Promise<void>((done) => {
      look = () => text.includes(wanted) && done();
      look();
    });
  return { until };
}

sandboxCases("terminal", {
  "is a shell of the size that was asked for": async (trial) => {
    const socket = await terminal(trial);
    const { until } = listening(socket);
    await until('"type":"ready"');
    socket.send(new TextEncoder().encode("stty size; echo $((40 + 2))-done\r").buffer as ArrayBuffer);
    await until("20 90");
    await until("42-done");
    socket.close();
  },
});

cases("proxyTerminal", {
  "the client wants an upgrade": async ({ gateway, sandbox }) => {
    const box = sandboxOf(gateway, sandbox);
    expect((await failure(proxyTerminal(box as never, "s", new Request("http://localhost/")))).message).toContain(
      "WebSocket upgrade",
    );
  },
});
cases("proxyToSandbox", {
  "leaves alone what is no preview": async ({ gateway, sandbox }) => {
    expect(await proxyToSandbox(new Request("http://localhost/"), { Sandbox: namespace(gateway, sandbox) })).toBeNull();
  },
});
cases("getSandbox", {
  "the client refuses ids that no host can have": async ({ gateway, sandbox }) => {
    expect(() => getSandbox(namespace(gateway, sandbox), "-x")).toThrow("hyphens");
  },
  "runs without sessions when asked": async ({ gateway, sandbox, transport }) => {
    const box = sandboxOf(gateway, sandbox, { enableDefaultSession: false, transport });
    await box.exec("cd /tmp; export X=1");
    expect((await box.exec("echo $PWD ${X-none}")).stdout).toBe("/workspace none\n");
  },
});

cases(
  "option: transport rpc of the sandbox",
  {
    "is refused at once, and no call waits for it": async ({ gateway, sandbox }) => {
      const box = sandboxOf(gateway, sandbox, { transport: "rpc" });
      const error = await failure(box.exec("true"));
      // The client's own reading of an upgrade that is refused.
      expect(error.code).toBe("CONTAINER_UNAVAILABLE");
    },
  },
  { plain: true },
);

cases("Sandbox.destroy", {
  "takes the sandbox away": async ({ gateway, transport }) => {
    const made = await gateway.make();
    const box = sandboxOf(gateway, made, { transport });
    expect((await box.exec("echo there")).stdout).toBe("there\n");
    await box.destroy();
    expect((await gateway.call("GET", `/v1/sandboxes/${made.id}`)).status).toBe(404);
  },
});
