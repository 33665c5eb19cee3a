// Makes the X server of the display in argv[2] reachable over TCP on the loopback address, as `ssh -X` does, in a
// process of its own, for a client's calls wait for the answer. File descriptors do not pass, so memory cannot be
// shared. Prints the name of the TCP display.
import { connect, createServer } from "node:net";

const X11_TCP_PORT = 6000;
const socket = `/tmp/.X11-unix/X${process.argv[2].slice(1)}`;
let number = 200;

const server = createServer((client) => {
  const upstream = connect(socket);
  client.pipe(upstream).pipe(client);
  client.on("error", () => upstream.destroy());
  upstream.on("error", () => client.destroy());
});
const listen = () => server.listen(X11_TCP_PORT + number, "127.0.0.1");
server.on("error", () => {
  number += 1;
  listen();
});
server.on("listening", () => console.log(`127.0.0.1:${number}`));
listen();
