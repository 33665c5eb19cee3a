"""An RTSP server on loopback: python3 rtsp-server.py CODEC WIDTH HEIGHT FPS PORT [USER PASSWORD]

Serves a moving test picture as /camera, encoded as "h264", "h265" or "mjpeg". Prints its port when it listens; ends with its
standard input. PORT 0 chooses a free one.
"""

import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! rtph264pay name=pay0 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! rtph265pay name=pay0 config-interval=-1",
    "mjpeg": "jpegenc ! rtpjpegpay name=pay0",
}


def main(codec, width, height, fps, port, user="", password=""):
    Gst.init(None)
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service=port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_launch(
        f"( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 ! "
        + ENCODERS[codec].format(fps=fps)
        + " pt=96 )"
    )
    if user:
        auth = GstRtspServer.RTSPAuth()
        # RTSPAuth offers Basic and Digest; FFmpeg answers the stronger.
        auth.set_supported_methods(GstRtspServer.RTSPAuthMethod.DIGEST if hasattr(GstRtspServer, "RTSPAuthMethod") else 2)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(user, password, token)
        role = GstRtspServer.RTSPPermissions()
        role.add_permission_for_role("viewer", "media.factory.access", True)
        role.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(role)
        server.set_auth(auth)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    print(server.get_bound_port(), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
