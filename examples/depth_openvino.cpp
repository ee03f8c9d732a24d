// Depth of a picture by an exported file, with OpenVINO's C++ library alone; it reads .onnx files too.
//     g++ -std=c++17 depth_openvino.cpp -o depth -I OPENVINO/include -L OPENVINO/libs -l:libopenvino.so
//     ./depth depth.xml street.ppm depth.pfm [FX FY]
// The picture is an 8-bit PPM of the size that was exported for (convert street.jpg street.ppm);
// FX and FY are its focal lengths in pixels. PFM holds float32 metres, the last row first.
#include <fstream>
#include <iostream>
#include <openvino/openvino.hpp>

int main(int argc, char** argv) {
    std::ifstream picture(argv[2], std::ios::binary);
    std::string kind;
    size_t width, height, white;
    picture >> kind >> width >> height >> white;
    picture.get();
    ov::Tensor image(ov::element::u8, {1, height, width, 3}), lens(ov::element::f32, {2});
    picture.read(reinterpret_cast<char*>(image.data<uint8_t>()), image.get_byte_size());
    for (int axis : {0, 1}) lens.data<float>()[axis] = argc > 5 ? std::stof(argv[4 + axis]) : 0;  // 0: not known
    // Told nothing, it computes in bfloat16 where the CPU can.
    ov::Core core;
    auto model = core.compile_model(argv[1], "CPU", ov::hint::inference_precision(ov::element::f32));
    auto request = model.create_infer_request();
    request.set_tensor("image", image);
    if (model.inputs().size() > 1) request.set_tensor("focal_length", lens);
    request.infer();
    const float* depth = request.get_tensor("depth").data<float>();
    std::ofstream out(argv[3], std::ios::binary);
    out << "Pf\n" << width << " " << height << "\n-1\n";
    for (size_t row = height; row-- > 0;) out.write(reinterpret_cast<const char*>(depth + row * width), width * 4);
    std::cout << depth[height / 2 * width + width / 2] << " m in the middle of the picture\n";
}
