"""Oxford RobotCar (Maddern et al., 2017) in the form that ACDepth takes over from md4all: the centre camera.

::

    ROOT/models/stereo_narrow_left.txt                    fx fy cx cy, then a 4x4 matrix
    ROOT/SCENE/stereo/centre/TIME.png                     undistorted RGB; TIME in microseconds
    ROOT/SCENE/poses_synchronized.json                    {"TIME": 4x4 camera to world, metres}
    ROOT/SCENE/lms_front_synchronized/TIME.bin            float32 x, y, z in the camera's frame at that image
    ROOT/SCENE/sequence.yaml                              condition; not needed for the paper's two scenes
    ROOT/splits/NAME.txt, NAME_filter.txt                 SCENE/stereo/centre/TIME.png, one a line

Names of folders and files are md4all's; what stands inside poses, clouds and lists could not be compared with
its own and is defined here. `plan_scene` and `prepare_scene` make the layout from the raw download.
"""
