//! A tensor in a file of its own, as ONNX's test data have them: `input_0.pb`, `output_0.pb`.

use crate::constant::decode;
use crate::external::Files;
use crate::proto;
use crate::report::Error;

/// What a model read or gave when it was tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its name in the model; may be empty.
    pub name: String,
    /// Its dimensions.
    pub dims: Vec<usize>,
    /// Its numbers, in single precision, the last dimension fastest.
    pub numbers: Vec<f32>,
}

impl Recorded {
    /// Reads the content of a file.
    ///
    /// # Errors
    ///
    /// If it is not a tensor of numbers.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let no_tensor = |why: &str| Error::Unreadable(format!("it is no tensor of ONNX: {why}"));
        let tensor = proto::tensor(bytes).map_err(|why| no_tensor(why.0))?;
        // Every tensor has a type, and no other file of ONNX has a number there.
        if tensor.kind == 0 {
            return Err(no_tensor("it has no type"));
        }
        let constant = decode(&tensor, &Files::new(None)).map_err(|fault| no_tensor(&fault.why))?;
        let numbers = constant.to_f32().map_err(|fault| no_tensor(&fault.why))?.into_owned();
        Ok(Self { name: tensor.name.to_owned(), dims: constant.dims.clone(), numbers })
    }
}
