//! ResNet-50 with its weights in the executable.

use std::error::Error;

use peer_embedded::ResNet50;

fn main() -> Result<(), Box<dyn Error>> {
    peer_embedded::serve(ResNet50::embedded())
}
