"""Depth beside each frame of a video, by OpenCV: python opencv_frames.py drive.mp4 out.mp4"""

import sys

import cv2
import numpy as np

import acdepth

source, out = sys.argv[1:]
predictor = acdepth.load("shipped")
video, writer = cv2.VideoCapture(source), None
while True:
    there, frame = video.read()
    if not there:
        break
    prediction = predictor(frame, bgr=True, confidence=False)  # OpenCV's frames are blue, green, red
    pair = np.hstack([frame, cv2.cvtColor(prediction.colour(), cv2.COLOR_RGB2BGR)])
    if writer is None:
        rate = video.get(cv2.CAP_PROP_FPS) or 25.0
        writer = cv2.VideoWriter(out, cv2.VideoWriter_fourcc(*"mp4v"), rate, (pair.shape[1], pair.shape[0]))
    writer.write(pair)
if writer is None:
    sys.exit(f"{source}: OpenCV reads no frame of it")
writer.release()
