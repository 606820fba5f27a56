"""Stands in for ngrok, cloudflared and ssh services: takes their words, says what they say, and forwards bytes.

What it says is copied from what the real ones print. Run under one of their names; `TUNNEL_FOLDER` is where it notes
the port that it listens on and the words that it was given, and where `how` says what shall go wrong.
"""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

FOLDER = Path(os.environ["TUNNEL_FOLDER"])
NAME = Path(sys.argv[0]).name
WORDS = sys.argv[1:]


def say(line: str) -> None:
    print(line, flush=True, file=sys.stderr if NAME == "cloudflared" else sys.stdout)


def times_started() -> int:
    count = FOLDER / "count"
    number = int(count.read_text()) + 1 if count.exists() else 1
    count.write_text(str(number))
    return number


def cloudflared(number: int) -> None:
    say("2026-11-27T03:00:00Z ERR Configuration file /dev/null was empty")
    if "--hostname" in WORDS:
        say("2026-11-27T03:00:01Z INF Starting tunnel tunnelID=6ff42ae2-765d-4adf-8112-31c55c1551ef")
    else:
        say("2026-11-27T03:00:00Z INF Requesting new quick Tunnel on trycloudflare.com...")
        say("2026-11-27T03:00:01Z INF +-----------------------------------------------------------+")
        say("2026-11-27T03:00:01Z INF |  Your quick Tunnel has been created! Visit it at (it may  |")
        say(f"2026-11-27T03:00:01Z INF |  https://garden-number-{number}.trycloudflare.com          |")
        say("2026-11-27T03:00:01Z INF +-----------------------------------------------------------+")
    say("2026-11-27T03:00:02Z INF Registered tunnel connection connIndex=0 ip=198.41.200.63 location=fra protocol=quic")


def ngrok(number: int) -> None:
    for more in (
        {"msg": "no configuration paths supplied"},
        {"addr": "127.0.0.1:4040", "msg": "starting web service", "obj": "web"},
        {"err": "nil", "clientid": "0", "msg": "tunnel session started", "obj": "tunnels.session"},
        {
            "addr": WORDS[-1],
            "msg": "started tunnel",
            "name": "command_line",
            "obj": "tunnels",
            "url": f"https://garden-{number}.ngrok-free.app",
        },
    ):
        say(json.dumps({"lvl": "info", "t": "2026-11-27T03:00:00Z", **more}))


def ssh(number: int) -> None:
    say("")
    say("===============================================================================")
    say("Welcome to localhost.run!")
    say("Follow your favourite reverse tunnel at [https://twitter.com/localhost_run].")
    say("To set up and manage custom domains go to https://admin.localhost.run/")
    say("** your connection id is 52a1b21e, please mention it if you send me a message about an issue. **")
    say(f"garden{number}.lhr.life tunneled with tls termination, https://garden{number}.lhr.life")
    say("create an account, see https://localhost.run/docs/forever-free/ for more information.")


def refuse(how: str) -> None:
    if how == "token" and NAME == "ngrok":
        token = os.environ.get("NGROK_AUTHTOKEN", "from-a-file")
        error = (
            "authentication failed: The authtoken you specified does not look like a proper ngrok authtoken.\n"
            f"Your authtoken: {token}\n\r\n\rERR_NGROK_105\r\n"
        )
        entry = {"err": error, "lvl": "eror", "msg": "failed to reconnect session", "obj": "tunnels.session"}
        say(json.dumps(entry))
        say(f"ERROR:  authentication failed. Your authtoken: {token}")
        say("ERROR:  ERR_NGROK_105")
    elif how == "token":
        say(
            "2026-11-27T03:00:00Z ERR Cannot determine default origin certificate path. No file cert.pem in "
            "[~/.cloudflared]. You need to specify the origin certificate path with the origincert option"
        )
    elif how == "limit":
        say('2026-11-27T03:00:00Z ERR Error unmarshaling QuickTunnel response: error code: 1015 status_code="429"')
    elif how == "silence":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pause()
    elif how == "odd":
        say(f"something else is wrong {os.environ.get('NGROK_AUTHTOKEN', '')}")
    sys.exit(1)


async def forward(port: int) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer), return_exceptions=True)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    (FOLDER / "port").write_text(str(server.sockets[0].getsockname()[1]))
    {"cloudflared": cloudflared, "ngrok": ngrok, "ssh": ssh}[NAME](times_started())
    await server.serve_forever()


if __name__ == "__main__":
    (FOLDER / "words").write_text(json.dumps(WORDS))
    if (FOLDER / "how").exists():
        times_started()
        refuse((FOLDER / "how").read_text())
    asyncio.run(forward(int(re.findall(r"127\.0\.0\.1:(\d+)", " ".join(WORDS))[-1])))
