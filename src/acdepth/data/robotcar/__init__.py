"""Oxford RobotCar (Maddern et al., 2017) as md4all prepares and reads it, from which ACDepth takes it over.

::

    ROOT/models/stereo_wide_left.txt                     fx fy cx cy, then a 4x4 matrix: lens to stereo head
    ROOT/models/stereo_wide_left_distortion_lut.bin      opened by md4all's readers too
    ROOT/extrinsics/stereo.txt                           where the stereo head sits on the car
    ROOT/SCENE/stereo/left/TIME.png                      undistorted RGB; TIME in microseconds
    ROOT/SCENE/poses_synchronized.json                   list of timestamp, pose_to_prev, pose_to_next (4x4)
    ROOT/SCENE/lms_front_synchronized/vo/time_margin=+-4.0e+06/TIME.pcd.bin
                                                         float32: all x, all y, all z in the head's frame
    ROOT/SCENE/sequence.yaml                             condition; ours, the paper's two scenes need none
    ROOT/splits/SCENE_train_stride_1.txt, _val_stride_1  time stamps of previous, current and next image
    ROOT/splits/SCENE_test.txt                           of the current one; the rest of a line is not read
    ROOT/filter/filter_train_samples.txt                 time stamps of images that are not trained on

The 4x4 matrices are poses as the SDK gives them: of the car at the other image, in the car's frame at the
current one (x forward, y right, z down); driving forwards is positive x in ``pose_to_next``. Published
training takes their lengths only. The lens is stereo/left, the wide left one, unless stereo/centre
(``stereo_narrow_left``) is chosen. `plan_scene` and `prepare_scene` make the layout from the raw download.
"""
