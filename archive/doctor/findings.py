"""Everything the doctor can find: what it is, why it matters, what to do. The one place of these sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

CAMERA = "doctor"  # the camera that the doctor plays


class Severity(StrEnum):
    """How much something matters, least first."""

    OK = "ok"
    NOTE = "note"  # good to know
    WARNING = "warning"  # it works, and may not for long, or not for everybody
    PROBLEM = "problem"  # something does not work


class Symptom(StrEnum):
    """What a person sees who comes for help: the chapters of docs/guide/troubleshooting.md."""

    NO_PICTURES = "No pictures appear"
    WONT_START = "The server won't start"
    NOT_SHOWING = "Changes are not showing"
    TUNNEL = "Trouble with a tunnel or a proxy"
    WONT_FLASH = "The camera won't flash"
    RESETS = "The camera resets, or falls silent"
    SIGN_IN = "I cannot sign in"
    AT_RISK = "Frames are at risk"


class Known(msgspec.Struct, frozen=True):
    """Something the doctor knows of."""

    id: str
    severity: Severity
    step: str  # in which of the STEPS it is found
    title: str
    why: str
    do: str
    symptoms: tuple[Symptom, ...]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What was found; of a step without fault only what was seen."""

    id: str
    severity: Severity
    step: str
    title: str
    seen: str = ""  # here, in figures and names
    why: str = ""
    do: str = ""
    took_ms: float | None = None  # of a step as a whole


class Begun(msgspec.Struct, frozen=True):
    """A step that is being taken now."""

    step: str
    doing: str


class Step(msgspec.Struct, frozen=True):
    """One thing the doctor looks at."""

    doing: str  # while it looks
    ok: str  # when there is no fault


# In the order in which they are taken, from the outside in.
STEPS = {
    "name": Step("asking for the name", "The name leads to an address"),
    "connection": Step("connecting", "Somebody answers there"),
    "certificate": Step("looking at the certificate", "The certificate suits cameras and browsers"),
    "answer": Step("knocking as a stranger", "It is the archive that answers"),
    "size": Step("announcing a large frame", "Nothing in between refuses large frames"),
    "sending": Step("sending frames as a camera", "Frames are kept, and the answers arrive whole"),
    "pictures": Step("fetching a frame back", "What comes back is what was sent, byte for byte"),
    "rights": Step("trying what strangers may do", "Strangers may do what they should and no more"),
    "page": Step("opening the page", "The page opens"),
    "events": Step("listening for changes", "Changes are told at once"),
    "server": Step("looking for the server", "The archive is running"),
    "program": Step("looking at the program", "The program and its libraries are as they should be"),
    "disk": Step("trying the disk", "The disk keeps what it is given"),
    "space": Step("reckoning the room", "There is room"),
    "cameras": Step("looking at the cameras", "The cameras fare well"),
    "promises": Step("checking rows and originals", "Every row has its original and every original its row"),
}

_S, _T = Severity, Symptom

KNOWN = {
    known.id: known
    for known in (
        Known(
            "name-unknown",
            _S.PROBLEM,
            "name",
            "The name leads nowhere",
            "A camera or a browser that cannot find the address can do nothing else.",
            "Look for a slip in the address. A tunnel's name ends with the tunnel; a `.local` name works only "
            "within one network, and only while `archive serve` runs and announces itself.",
            (_T.NO_PICTURES, _T.TUNNEL),
        ),
        Known(
            "name-by-mdns-only",
            _S.WARNING,
            "name",
            "This computer knows the name only by asking the network",
            "Names that end in `.local` are asked for by mDNS. Cameras do that by themselves, this computer's "
            "programs do not: a browser here will not open the page by that name.",
            "Use the address in figures on this computer, or install its mDNS resolver: on Debian `libnss-mdns`.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "address-here-only",
            _S.NOTE,
            "name",
            "The address is good on this computer only",
            "A camera that is told `localhost` or 127.0.0.1 looks for the archive on itself.",
            "Tell cameras one of the addresses that `archive serve` prints as on your network.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "address-slow",
            _S.WARNING,
            "connection",
            "Finding and reaching the address takes long",
            "A camera does this for every connection, and on a battery pays for each second.",
            "Let cameras use an address in figures, or a name server that is near; look for a weak link on the way.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "connection-refused",
            _S.PROBLEM,
            "connection",
            "Nobody listens at this address",
            "The machine is there, and no program takes connections on this port.",
            "Start the archive with `archive serve`; compare the port with the one it prints, and `--host` with "
            "the address.",
            (_T.NO_PICTURES, _T.TUNNEL),
        ),
        Known(
            "connection-silent",
            _S.PROBLEM,
            "connection",
            "Nothing comes back from this address",
            "Most often a firewall drops what arrives, or the machine is asleep or in another network.",
            "Allow the port in the machine's firewall. Try from the network the cameras are in: a guest Wi-Fi "
            "often keeps its devices apart from all others.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "not-encrypted",
            _S.WARNING,
            "connection",
            "Pictures and keys cross the internet in the open",
            "Whoever carries the connection can read the camera's key and send in its name; a sign-in is as readable.",
            "Give the archive an https address: `archive serve --tunnel`, a proxy with a certificate, or a "
            "certificate of its own.",
            (_T.TUNNEL, _T.SIGN_IN),
        ),
        Known(
            "tls-fails",
            _S.PROBLEM,
            "certificate",
            "No encrypted connection comes about",
            "Neither cameras nor browsers get any further.",
            "See whether the port speaks https at all (the archive itself speaks http unless it was given a "
            "certificate), and which versions of TLS it offers.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-too-new",
            _S.PROBLEM,
            "certificate",
            "The server speaks no TLS 1.2",
            "The cameras' firmware speaks TLS 1.2 and nothing newer; browsers would notice nothing.",
            "Allow TLS 1.2 beside 1.3: in nginx `ssl_protocols TLSv1.2 TLSv1.3;`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-expired",
            _S.PROBLEM,
            "certificate",
            "The certificate is not valid today",
            "Browsers refuse it. Cameras do not look at dates, so they go on sending, to whom nobody can say.",
            "Renew the certificate and let the server load it; if its dates are right, set this computer's clock.",
            (_T.TUNNEL, _T.SIGN_IN),
        ),
        Known(
            "tls-expires-soon",
            _S.WARNING,
            "certificate",
            "The certificate ends soon",
            "On that day browsers stop opening the page.",
            "See why it was not renewed by itself, and renew it.",
            (_T.TUNNEL,),
        ),
        Known(
            "tls-wrong-name",
            _S.PROBLEM,
            "certificate",
            "The certificate is for another name",
            "Cameras and browsers both refuse a certificate that does not hold the name they asked for.",
            "Use the name that is in the certificate, or get one for this name. An address in figures needs one "
            "that holds it.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-own-root",
            _S.PROBLEM,
            "certificate",
            "The certificate leads to no root that is known here",
            "Browsers warn of it. A camera trusts the roots it was given and no others, so it works with this one"
            " only if it has it.",
            "For a certificate of your own give its root to cameras with `archive flash --root` and here with "
            "`--root`; for everybody else use one that browsers trust.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-incomplete",
            _S.PROBLEM,
            "certificate",
            "The server sends its certificate without the one that vouches for it",
            "Some browsers fetch what is missing; a camera cannot, and refuses.",
            "Let the server send the whole chain: with certbot that is `fullchain.pem`, not `cert.pem`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-key-unknown",
            _S.PROBLEM,
            "certificate",
            "A certificate has a kind of key that cameras do not know",
            "The chip's library knows RSA and ECDSA; with another kind the handshake fails.",
            "Get a certificate with an ECDSA key (P-256) or an RSA key of 2048 bits.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-weak",
            _S.PROBLEM,
            "certificate",
            "A certificate is too weak for cameras to take",
            "The chip's library refuses RSA keys below 2048 bits and signatures by SHA-1 or MD5.",
            "Get a certificate with an ECDSA key (P-256) or an RSA key of 2048 bits, signed with SHA-256.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "tls-heavy",
            _S.WARNING,
            "certificate",
            "The certificates are heavy for a small device",
            "A camera holds the chain in little memory and reckons with each key in it; above 4096 bits its chip "
            "does not help.",
            "Prefer a chain with ECDSA keys and no more certificates than it needs.",
            (_T.TUNNEL, _T.RESETS),
        ),
        Known(
            "tls-root",
            _S.NOTE,
            "certificate",
            "The root that cameras must be given",
            "Cameras trust only roots that were given to them, and check no dates.",
            "`archive flash --root FILE` gives it, in PEM; two may be given, for the day it changes.",
            (_T.TUNNEL,),
        ),
        Known(
            "redirect-loses-frame",
            _S.PROBLEM,
            "answer",
            "A redirect loses the frame",
            "After 301, 302 or 303 most clients ask again without the body; the camera follows only 307 and 308.",
            "Tell cameras the address it leads to, or let the proxy answer 308: in nginx `return 308 "
            "https://$host$request_uri;`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "redirect-elsewhere",
            _S.PROBLEM,
            "answer",
            "A redirect leads where the key is not sent",
            "A camera never takes its key to another host, nor from https to http.",
            "Tell cameras the address it leads to, if you trust it.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "redirect-endless",
            _S.PROBLEM,
            "answer",
            "Redirects lead round and round",
            "Cameras and browsers give up after a few.",
            "Two parties disagree about http and https: most often a proxy redirects what another one already "
            "decrypted.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "redirected",
            _S.NOTE,
            "answer",
            "Each request is redirected first",
            "It works, and costs a camera a second connection for every frame.",
            "Tell cameras the address it leads to.",
            (_T.TUNNEL,),
        ),
        Known(
            "warning-page-for-cameras",
            _S.PROBLEM,
            "answer",
            "A web page answers where the archive should",
            "A camera takes nothing but the archive's own word; a page, whatever it says, keeps no frame.",
            "Read it in a browser: a tunnel's warning, a network's sign-in page, or another program on this port."
            " The address must lead to the archive without any page in between.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "gateway-error",
            _S.PROBLEM,
            "answer",
            "A proxy or tunnel answers that it cannot reach the archive",
            "Whoever stands in between works, and the archive behind it does not answer to it.",
            "Start the archive; compare the address the proxy sends to with the one that `archive serve` prints.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "not-the-archive",
            _S.PROBLEM,
            "answer",
            "What answers there is no archive",
            "Another program has this address and port, or a proxy sends this path elsewhere.",
            "Compare the address with the one that `archive serve` prints. A proxy must pass every path on, "
            "`/api/` too.",
            (_T.TUNNEL, _T.NO_PICTURES, _T.WONT_START),
        ),
        Known(
            "archive-refuses",
            _S.PROBLEM,
            "answer",
            "The archive refuses to be spoken to at this address",
            "It answers, and will not for this name or this sender.",
            "It says itself why. A name by which the world comes must be among the settings (`public_url`, `hosts`).",
            (_T.TUNNEL, _T.SIGN_IN, _T.NO_PICTURES),
        ),
        Known(
            "other-archive",
            _S.PROBLEM,
            "sending",
            "The address leads to another archive than the folder's",
            "Frames are kept, but not where you look for them.",
            "Compare the address with the one that `archive serve` prints, and `--folder` with the folder it names.",
            (_T.NO_PICTURES, _T.NOT_SHOWING),
        ),
        Known(
            "body-limit",
            _S.PROBLEM,
            "size",
            "Something in between refuses large frames",
            "A camera whose picture is refused by a proxy holds it and tries again, in vain, while its spool fills.",
            "Raise the limit of the proxy: in nginx `client_max_body_size 20m;`. Until then smaller pictures: "
            "`archive camera set NAME size=SVGA`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "body-limit-high",
            _S.NOTE,
            "size",
            "Something in between takes less than the archive does",
            "Frames of an ESP32 pass; pictures imported or sent by other means may be larger.",
            "Raise the limit of the proxy if you send such: in nginx `client_max_body_size 20m;`.",
            (_T.TUNNEL,),
        ),
        Known(
            "key-refused",
            _S.PROBLEM,
            "sending",
            "The archive does not take the key",
            "A camera with this key can send nothing; its frames wait in its spool.",
            "It says itself why. `archive camera add NAME` makes a key; it belongs to one camera in one archive.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "key-lost",
            _S.PROBLEM,
            "sending",
            "The key does not reach the archive",
            "Something on the way takes the `Authorization` field out, as proxies with a sign-in of their own do.",
            "Let the proxy pass `Authorization` on, and take its own sign-in off `/api/frames`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "frame-refused",
            _S.PROBLEM,
            "sending",
            "The archive does not keep the frame",
            "The connection works and the archive says no.",
            "It says itself why.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "not-now",
            _S.PROBLEM,
            "sending",
            "The archive puts the camera off",
            "Nothing is lost while cameras have room, but nothing arrives either.",
            "It says itself why; most often the disk is full or too slow.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "echo-lost",
            _S.PROBLEM,
            "sending",
            "The answer comes without its `Camera-Frame` field",
            "Without the echo nothing is acknowledged: the camera sends the same frame again and again, for ever.",
            "Let the proxy pass the fields `Camera-Frame`, `Camera-Clock` and `Camera-Settings` on, in both "
            "directions.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "bytes-changed",
            _S.PROBLEM,
            "sending",
            "Frames arrive with other bytes than were sent",
            "The archive refuses what does not fit its digest, so no frame arrives at all.",
            "Something on the way rewrites or cuts bodies: switch its image optimisation, scanning or buffering "
            "off for `/api/frames`.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "no-answer",
            _S.PROBLEM,
            "sending",
            "The connection breaks while a frame is on its way",
            "A camera then sends it again, and meets the same.",
            "Look at the logs of whoever stands in between, for time-outs and limits.",
            (_T.TUNNEL, _T.NO_PICTURES),
        ),
        Known(
            "clock-wrong",
            _S.PROBLEM,
            "sending",
            "The archive's clock and this computer's disagree",
            "Cameras set their clocks by the archive's: every frame would be dated wrongly. Sign-in links and "
            "certificates end too early or too late.",
            "Find out which one is wrong, and let it be set by the network: `timedatectl set-ntp true`.",
            (_T.NOT_SHOWING, _T.SIGN_IN),
        ),
        Known(
            "key-not-given",
            _S.NOTE,
            "sending",
            "Sending was not tried",
            "Whether frames are kept, and come back as they were sent, is not known.",
            "Run the doctor on the archive's machine as its user, where it makes a key for itself, or give one "
            "with `--key`.",
            (),
        ),
        Known(
            "picture-changed",
            _S.PROBLEM,
            "pictures",
            "Pictures come back changed",
            "Something in between compresses or resizes pictures: what is downloaded is no longer the original.",
            "Switch image optimisation off for `/photos/` (in Cloudflare: Polish). Mobile carriers do it to plain"
            " http only: use https.",
            (_T.TUNNEL, _T.NOT_SHOWING),
        ),
        Known(
            "picture-missing",
            _S.PROBLEM,
            "pictures",
            "A frame that was kept cannot be fetched",
            "It is in the archive, and viewers do not get it.",
            "The doctor says what came instead. A proxy must pass `/photos/` and `/thumbnails/` on as well.",
            (_T.TUNNEL, _T.NOT_SHOWING),
        ),
        Known(
            "stranger-sends",
            _S.WARNING,
            "rights",
            "Anyone who knows the address can send pictures",
            "Uploads are open: whatever strangers send is kept, under names they choose, until the disk is full.",
            "Give each camera a key with `archive camera add NAME`, and start the archive without `--open-uploads`.",
            (_T.AT_RISK,),
        ),
        Known(
            "stranger-sees",
            _S.NOTE,
            "rights",
            "Anyone who knows the address can see all pictures",
            "That is as you want it if the archive is public. If not, nothing asks for a sign-in on this way.",
            "Leave it so if you mean it; else see that the setting `public` is off.",
            (_T.AT_RISK,),
        ),
        Known(
            "stranger-runs",
            _S.PROBLEM,
            "rights",
            "Anyone who knows the address is taken for the owner",
            "Strangers can change what cameras do, revoke their keys, and end the archive's use for everybody.",
            "A proxy must send to the archive's port, never to the socket in its folder: that one is the owner's.",
            (_T.AT_RISK,),
        ),
        Known(
            "sees-nothing",
            _S.NOTE,
            "rights",
            "The archive is private: the rest of the way to viewers was not tried",
            "Pictures and live changes are for who has signed in, and the doctor has not.",
            "Nothing, if the page shows changes by itself when you look at it.",
            (),
        ),
        Known(
            "link-refused",
            _S.PROBLEM,
            "rights",
            "A share link that was just made cannot be opened at this address",
            "Nobody you send a link to would see anything, and signing in fails by the same way.",
            "See whether something in between takes cookies or POST requests away, or leads to another archive.",
            (_T.SIGN_IN,),
        ),
        Known(
            "warning-page",
            _S.WARNING,
            "page",
            "Visitors meet another page before the archive's",
            "A tunnel or proxy shows a page of its own to browsers first; cameras may pass. Some visitors turn "
            "back there.",
            "On ngrok's free plan visitors click through it once a week; a paid plan, cloudflared or ssh has none.",
            (_T.TUNNEL, _T.SIGN_IN, _T.NOT_SHOWING),
        ),
        Known(
            "page-missing",
            _S.PROBLEM,
            "page",
            "The page does not open",
            "The archive answers cameras, and viewers get an error.",
            "The doctor says what came instead. A proxy must pass `/`, `/js/` and `/css/` on as well.",
            (_T.TUNNEL, _T.NOT_SHOWING),
        ),
        Known(
            "stream-buffered",
            _S.WARNING,
            "events",
            "Live changes are held back on the way, and asked for instead",
            "A proxy or tunnel buffers the event stream. The page notices and asks for changes, which costs more "
            "requests.",
            "In nginx `proxy_buffering off;` for `/api/events`. Cloudflare's quick tunnels cannot; a named tunnel can.",
            (_T.NOT_SHOWING, _T.TUNNEL),
        ),
        Known(
            "stream-cut",
            _S.WARNING,
            "events",
            "The event stream is cut off while nothing happens",
            "The page reconnects and misses nothing, but does so over and over; quotas of requests suffer.",
            "Raise the idle time-out of whoever stands in between above a minute: in nginx `proxy_read_timeout "
            "1h;` for `/api/events`. Or send heartbeats more often: `heartbeat_s`.",
            (_T.NOT_SHOWING, _T.TUNNEL),
        ),
        Known(
            "polling-fails",
            _S.WARNING,
            "events",
            "Asking for changes does not work",
            "It is what the page falls back to where the event stream is held back.",
            "The doctor says what came instead. A proxy must pass `/api/changes` on and wait a minute for its answer.",
            (_T.NOT_SHOWING, _T.TUNNEL),
        ),
        Known(
            "no-changes",
            _S.PROBLEM,
            "events",
            "Changes do not reach the page at all",
            "New frames appear only when somebody loads the page anew.",
            "A proxy must pass `/api/events` on unbuffered, or at least `/api/changes`, and wait a minute for its"
            " answer.",
            (_T.NOT_SHOWING, _T.TUNNEL),
        ),
        Known(
            "not-running",
            _S.PROBLEM,
            "server",
            "The archive is not running",
            "Cameras hold their frames as long as they have room, and nobody can look at any.",
            "Start it: `archive serve`. If it ends at once, its last line says why.",
            (_T.NO_PICTURES, _T.WONT_START),
        ),
        Known(
            "being-opened",
            _S.WARNING,
            "server",
            "The archive is being opened, or hangs",
            "A process holds the folder and does not answer yet. After a power cut a large archive takes a while "
            "to recover.",
            "Ask again in a minute. If it stays so, end that process and start the archive again; its log says "
            "how far it came.",
            (_T.WONT_START, _T.NO_PICTURES),
        ),
        Known(
            "port-taken",
            _S.PROBLEM,
            "server",
            "Another program has the archive's port",
            "The archive cannot start while somebody else listens there.",
            "End that program, or choose another port: `archive serve --port 5556`. Cameras must be told.",
            (_T.WONT_START,),
        ),
        Known(
            "folder-not-writable",
            _S.PROBLEM,
            "server",
            "The archive's folder cannot be written",
            "The archive needs to make files there: it belongs to another user, or its disk is mounted read-only.",
            "Run the archive as the folder's owner, or give it the folder: `sudo chown -R USER FOLDER`. A disk "
            "that turned read-only by itself has failed; see `dmesg`.",
            (_T.WONT_START,),
        ),
        Known(
            "will-not-open",
            _S.PROBLEM,
            "server",
            "The archive cannot be opened",
            "It would not start either.",
            "It says itself what is wrong, and what to do.",
            (_T.WONT_START,),
        ),
        Known(
            "clock-implausible",
            _S.PROBLEM,
            "program",
            "This computer's clock cannot be right",
            "It stands before the day this program was made: every frame that arrives would be dated so, and no "
            "certificate is valid.",
            "Set it: `timedatectl set-ntp true`. A computer without a clock of its own, such as a Raspberry Pi, "
            "needs the network before the archive starts.",
            (_T.WONT_START, _T.NOT_SHOWING, _T.SIGN_IN),
        ),
        Known(
            "restart-needed",
            _S.WARNING,
            "program",
            "The server runs an older program or page than is installed",
            "Program and page are read once, at the start: what was changed since does not show.",
            "Start the archive again.",
            (_T.NOT_SHOWING,),
        ),
        Known(
            "sqlite-wal-reset",
            _S.NOTE,
            "program",
            "This SQLite has the WAL-reset bug",
            "SQLite up to 3.51.2 can damage a file that two connections write at once. The archive writes through"
            " one connection, which is also the only one that checkpoints, so by itself it does not meet it.",
            "Never write to the index with another program while the archive runs. 3.44.6, 3.50.7, 3.51.3 and "
            "later are free of it.",
            (_T.AT_RISK,),
        ),
        Known(
            "disk-memory",
            _S.PROBLEM,
            "disk",
            "The archive's folder is in memory",
            "At the next restart of the machine every frame is gone, whatever was promised.",
            "Use a folder on a disk: `archive serve FOLDER`.",
            (_T.AT_RISK,),
        ),
        Known(
            "disk-container",
            _S.WARNING,
            "disk",
            "The archive's folder is inside a container",
            "It goes when the container is replaced.",
            "Mount a volume or a folder of the machine there.",
            (_T.AT_RISK,),
        ),
        Known(
            "disk-network",
            _S.WARNING,
            "disk",
            "The archive's folder is on the network",
            "Locks and syncs there are worth what the server at the other end makes of them, and SQLite's log "
            "does not work on all.",
            "Keep the folder on a disk of this machine, and copy it elsewhere.",
            (_T.AT_RISK,),
        ),
        Known(
            "disk-fat",
            _S.PROBLEM,
            "disk",
            "The disk is formatted as FAT",
            "FAT and exFAT do not survive power cuts and know no links: whole volumes have been lost.",
            "Copy what is there, format the disk as ext4, and copy it back.",
            (_T.AT_RISK, _T.WONT_START),
        ),
        Known(
            "disk-lies",
            _S.WARNING,
            "disk",
            "The disk says it is done sooner than it can be",
            "`kept` means that a frame survives a power cut. Here a sync returns without waiting for the medium: "
            "frames of the last seconds may be gone after one.",
            "Mount without `nobarrier`, run without `libeatmydata`, and switch off the write cache of a disk that"
            " ignores flushes (`hdparm -W0`). A drive or a virtual machine with a protected cache may honestly be"
            " so fast.",
            (_T.AT_RISK,),
        ),
        Known(
            "disk-slow",
            _S.WARNING,
            "disk",
            "The disk takes long to keep a frame",
            "Each frame waits for it; many cameras at once wait for one another.",
            "An SD card that is worn or cheap does this, and so does a disk with other work: use an SSD, even on USB.",
            (_T.NO_PICTURES, _T.AT_RISK),
        ),
        Known(
            "disk-removable",
            _S.NOTE,
            "disk",
            "The archive is on a removable disk",
            "Pulled out, it takes the archive with it; memory cards and sticks wear out with writing.",
            "Prefer a fixed disk, or keep a copy elsewhere.",
            (_T.AT_RISK,),
        ),
        Known(
            "space-out",
            _S.PROBLEM,
            "space",
            "The disk is full, or will be within two days",
            "Below the floor no frame is taken: cameras hold theirs until they have no room either.",
            "Make room or move the archive to a larger disk. The floor is the setting `disk_floor_bytes`.",
            (_T.NO_PICTURES, _T.WONT_START, _T.AT_RISK),
        ),
        Known(
            "space-short",
            _S.WARNING,
            "space",
            "The disk will be full within a month",
            "At today's rate of frames.",
            "Make room, send fewer or smaller frames (`archive camera set NAME interval_s=… quality=…`), or get a"
            " larger disk.",
            (_T.AT_RISK,),
        ),
        Known(
            "camera-silent",
            _S.WARNING,
            "cameras",
            "A camera has fallen silent",
            "Nothing has come for much longer than usual between its frames.",
            "Has it power, and is its Wi-Fi up? Press its button, or power it anew: it says on its serial port "
            "what it waits for. If it was taken down, `archive camera revoke NAME` ends its key.",
            (_T.NO_PICTURES, _T.RESETS),
        ),
        Known(
            "camera-never-heard",
            _S.NOTE,
            "cameras",
            "A camera has a key and has sent nothing",
            "It may not be set up yet, or not reach the archive.",
            "`archive flash` sets a board up over USB and waits for its first frame. Run the doctor with the "
            "address that the camera was told.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "sensor-fault",
            _S.PROBLEM,
            "cameras",
            "A camera's sensor gives no pictures",
            "The camera itself is alive and says what is wrong.",
            "It says itself which fault that is. Most often the flat cable: press the connector's lid down, and "
            "check that the board was set up as what it is.",
            (_T.NO_PICTURES,),
        ),
        Known(
            "brown-out",
            _S.WARNING,
            "cameras",
            "A camera's supply is too weak",
            "Its voltage fell so low that the chip restarted, most often when the radio begins to send.",
            "A short, thick cable and a supply of 1 A. The firmware lowers the radio's power after it by itself.",
            (_T.RESETS,),
        ),
        Known(
            "crashes",
            _S.WARNING,
            "cameras",
            "A camera restarts by itself",
            "Its program failed or hung, and the watchdog started it anew. Frames in its memory, not on its card,"
            " are gone.",
            "Update its firmware with `archive flash`; if it goes on, read its serial port from the start to the "
            "failure.",
            (_T.RESETS,),
        ),
        Known(
            "heap-low",
            _S.WARNING,
            "cameras",
            "A camera was short of memory",
            "An encrypted connection needs 40 to 50 kB of the chip's inner memory; without it sending fails.",
            "Smaller pictures (`archive camera set NAME size=SVGA`), a chain of certificates with ECDSA keys, or "
            "plain http where the network is your own.",
            (_T.RESETS,),
        ),
        Known(
            "wifi-weak",
            _S.WARNING,
            "cameras",
            "A camera hardly hears its Wi-Fi",
            "Below -75 dBm packets are lost, sending takes long, and the battery pays for it.",
            "Move the camera or the access point, screw on the antenna that many boards come without, or set up a"
            " repeater.",
            (_T.RESETS, _T.NO_PICTURES),
        ),
        Known(
            "spool-filling",
            _S.WARNING,
            "cameras",
            "Many frames wait on a camera",
            "It takes frames faster than it can send them; when its spool is full some must give way.",
            "Look at its Wi-Fi; let it take fewer or smaller pictures (`interval_s`, `size`, `quality`); give it "
            "a card.",
            (_T.NO_PICTURES, _T.AT_RISK),
        ),
        Known(
            "frames-given-up",
            _S.PROBLEM,
            "cameras",
            "A camera had to give up frames in the last day",
            "They will never arrive; the camera says how many and why.",
            "`spool-full` and `ring-full`: let it take fewer pictures, or give it a card and better Wi-Fi. "
            "`sensor`: see its cable. `power-cut`: see its supply.",
            (_T.AT_RISK, _T.NO_PICTURES),
        ),
        Known(
            "frames-missing",
            _S.WARNING,
            "cameras",
            "Frames of a camera have not arrived, and it does not hold them",
            "Each frame has a number, and some numbers are missing that the camera does not say it still has.",
            "Its page lists them with their times. They may lie on its card: put it into this computer and import"
            " them.",
            (_T.AT_RISK,),
        ),
        Known(
            "promise-broken",
            _S.PROBLEM,
            "promises",
            "Something in the archive is not as promised",
            "A frame without its original, an original without its row, or a count that is wrong.",
            "`archive check --repair` mends what can be mended and deletes no frame; bytes that are gone or "
            "damaged come back only from a copy.",
            (_T.AT_RISK, _T.NOT_SHOWING),
        ),
    )
}


def found(id: str, seen: str = "") -> Finding:  # noqa: A002 - the table's own word
    """The finding of that *id*, with what was *seen* here."""
    known = KNOWN[id]
    return Finding(
        id=id, severity=known.severity, step=known.step, title=known.title, seen=seen, why=known.why, do=known.do
    )


def passed(step: str, seen: str, took_ms: float) -> Finding:
    """A *step* without fault."""
    return Finding(id=step, severity=Severity.OK, step=step, title=STEPS[step].ok, seen=seen, took_ms=took_ms)


def worst(findings: Iterable[Finding]) -> Severity:
    """The most severe of them."""
    order = list(Severity)
    return max((finding.severity for finding in findings), key=order.index, default=Severity.OK)
