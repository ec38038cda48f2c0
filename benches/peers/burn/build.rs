//! Burn's code for each net, from its ONNX file.

fn main() {
    let folder = std::env::var("PEERS_DIR").expect("PEERS_DIR names the folder of nets");
    println!("cargo::rerun-if-env-changed=PEERS_DIR");
    for net in ["lenet5", "alexnet", "vgg16", "inception-v1", "resnet50"] {
        burn_onnx::ModelGen::new().input(&format!("{folder}/nets/{net}.onnx")).out_dir("nets/").run_from_script();
    }
}
