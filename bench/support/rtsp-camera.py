"""An RTSP camera on loopback whose pictures carry their numbers: python3 rtsp-camera.py CODEC WIDTH HEIGHT FPS

CODEC is "h264" or "mjpeg". Prints "port N", then for each picture "NUMBER MICROSECONDS" when it came out of the encoder, by the
machine's monotonic clock. The number is a row of cells in the top left corner, as in picture-number.ts. Ends with its standard
input.
"""

import collections
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": "x264enc name=encoder tune=zerolatency speed-preset=ultrafast sliced-threads=false bitrate=4000 key-int-max={fps} ! rtph264pay name=pay0 config-interval=-1",
    "mjpeg": "jpegenc name=encoder quality=80 ! rtpjpegpay name=pay0",
}
CELL = 16
NUMBER_BITS = 20
CHECK_BITS = 4
BACKGROUNDS = 16


def cells_of(number):
    check = (number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ (number >> 16) ^ 0b1010) & 0b1111
    bits = (number << CHECK_BITS) | check
    count = NUMBER_BITS + CHECK_BITS
    return b"".join((b"\xeb" if bits >> (count - 1 - index) & 1 else b"\x10") * CELL for index in range(count))


class Camera:
    def __init__(self, width, height, fps):
        self.width, self.height, self.fps = width, height, fps
        self.number = 0
        chroma = b"\x80" * (width * height // 2)
        wave = bytes(64 + abs((x % 256) - 128) for x in range(width + 256))
        self.backgrounds = [
            b"".join(wave[(shift * 16 + row) % 256 :][:width] for row in range(height)) + chroma
            for shift in range(BACKGROUNDS)
        ]

    def picture(self):
        self.number = (self.number + 1) % (1 << NUMBER_BITS)
        data = bytearray(self.backgrounds[self.number % BACKGROUNDS])
        row = cells_of(self.number)
        for y in range(CELL):
            data[y * self.width : y * self.width + len(row)] = row
        return self.number, bytes(data)

    def configure(self, _factory, media):
        source = media.get_element().get_by_name("source")
        encoder = media.get_element().get_by_name("encoder")
        encoding = collections.deque()
        stopped = threading.Event()

        def encoded(_pad, _info):
            print(encoding.popleft(), time.monotonic_ns() // 1000, flush=True)
            return Gst.PadProbeReturn.OK

        def feed():
            due = time.monotonic()
            while not stopped.is_set():
                number, data = self.picture()
                encoding.append(number)
                if source.emit("push-buffer", Gst.Buffer.new_wrapped(data)) != Gst.FlowReturn.OK:
                    encoding.pop()
                due += 1 / self.fps
                time.sleep(max(0, due - time.monotonic()))

        encoder.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, encoded)
        media.connect("unprepared", lambda _media: stopped.set())
        threading.Thread(target=feed, daemon=True).start()


def main(codec, width, height, fps):
    Gst.init(None)
    camera = Camera(int(width), int(height), int(fps))
    server = GstRtspServer.RTSPServer(address="127.0.0.1", service="0")
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_shared(True)
    factory.set_launch(
        "( appsrc name=source is-live=true do-timestamp=true format=time max-bytes=0 "
        f"caps=video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 ! "
        + ENCODERS[codec].format(fps=fps)
        + " pt=96 )"
    )
    factory.connect("media-configure", camera.configure)
    server.get_mount_points().add_factory("/camera", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    print("port", server.get_bound_port(), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    loop.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
