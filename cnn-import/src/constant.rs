//! Tensors with known numbers: weights, and numbers that graphs compute with.

mod decode;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use crate::report::Fault;

pub(crate) use self::decode::{
    BFLOAT16, BOOL, DOUBLE, FLOAT, FLOAT16, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, decode, dims,
    is_float, stored, type_name,
};

/// A tensor with known numbers.
#[derive(Clone, Debug)]
pub(crate) struct Constant<'a> {
    /// Its name in the file; empty, if it was computed.
    pub(crate) name: &'a str,
    pub(crate) dims: Vec<usize>,
    pub(crate) data: Data<'a>,
}

/// Its numbers, the last dimension fastest.
#[derive(Clone, Debug)]
pub(crate) enum Data<'a> {
    /// As they are in a file.
    Encoded(Bytes<'a>, Encoding),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    /// One number everywhere, of which there may be more than memory holds; and whether it is a whole one by its type.
    Splat(f64, bool),
}

/// How numbers are encoded, all of them little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    F32,
    F64,
    F16,
    BF16,
}

impl Encoding {
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::F16 | Self::BF16 => 2,
        }
    }
}

/// Bytes of the file, or of another one next to it.
#[derive(Clone, Debug)]
pub(crate) enum Bytes<'a> {
    Here(&'a [u8]),
    Elsewhere(Rc<[u8]>, Range<usize>),
}

impl Bytes<'_> {
    pub(crate) fn get(&self) -> &[u8] {
        match self {
            Self::Here(bytes) => bytes,
            Self::Elsewhere(file, range) => file.get(range.clone()).unwrap_or_default(),
        }
    }
}

/// A constant is computed only if it has no more numbers than this, 256 MB: a small file may ask for any size.
pub(crate) const MOST_COMPUTED: usize = 1 << 26;

impl<'a> Constant<'a> {
    pub(crate) fn floats(dims: Vec<usize>, floats: Vec<f32>) -> Self {
        Self { name: "", dims, data: Data::Floats(floats) }
    }

    pub(crate) fn ints(dims: Vec<usize>, ints: Vec<i64>) -> Self {
        Self { name: "", dims, data: Data::Ints(ints) }
    }

    /// How many numbers there are; the product was checked when it was made.
    pub(crate) fn len(&self) -> usize {
        self.dims.iter().product()
    }

    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.data, Data::Ints(_) | Data::Splat(_, true))
    }

    /// The same numbers in another shape.
    pub(crate) fn with_dims(&self, dims: Vec<usize>) -> Self {
        Self { dims, ..self.clone() }
    }

    /// All numbers in single precision.
    pub(crate) fn to_f32(&self) -> Result<Cow<'_, [f32]>, Fault> {
        let (floats, len) = match &self.data {
            Data::Floats(floats) => return Ok(Cow::Borrowed(floats)),
            Data::Splat(number, _) => (vec![*number as f32; self.bounded()?], self.len()),
            _ => {
                let mut floats = Vec::with_capacity(self.len());
                self.each(|number| floats.push(number as f32));
                (floats, self.len())
            }
        };
        debug_assert_eq!(floats.len(), len, "the length was checked when it was decoded");
        Ok(Cow::Owned(floats))
    }

    /// All numbers in double precision.
    pub(crate) fn to_f64(&self) -> Result<Vec<f64>, Fault> {
        let mut numbers = Vec::with_capacity(self.bounded()?);
        self.each(|number| numbers.push(number));
        Ok(numbers)
    }

    /// All numbers as whole ones.
    pub(crate) fn to_ints(&self) -> Result<Vec<i64>, Fault> {
        match &self.data {
            Data::Ints(ints) => Ok(ints.clone()),
            _ => Ok(self.to_f64()?.into_iter().map(|number| number as i64).collect()),
        }
    }

    /// Its only number.
    pub(crate) fn scalar(&self) -> Option<f64> {
        if let Data::Splat(number, _) = self.data {
            return Some(number);
        }
        let mut scalar = None;
        if self.len() == 1 {
            self.each(|number| scalar = Some(number));
        }
        scalar
    }

    /// The number that all of them are equal to.
    pub(crate) fn common(&self) -> Option<f64> {
        if let Data::Splat(number, _) = self.data {
            return Some(number);
        }
        let mut common: Option<f64> = None;
        let mut is_common = true;
        self.each(|number| is_common &= *common.get_or_insert(number) == number);
        common.filter(|_| is_common)
    }

    /// Whether all numbers and dimensions are those of another one.
    pub(crate) fn is_equal(&self, other: &Self) -> bool {
        let numbers = |constant: &Self| {
            let mut numbers = Vec::with_capacity(constant.len());
            constant.each(|number| numbers.push(number.to_bits()));
            numbers
        };
        self.dims == other.dims
            && match (&self.data, &other.data) {
                (Data::Encoded(a, kind), Data::Encoded(b, other)) => kind == other && a.get() == b.get(),
                (Data::Splat(a, _), Data::Splat(b, _)) => a == b,
                (Data::Splat(..), _) | (_, Data::Splat(..)) => false,
                _ => numbers(self) == numbers(other),
            }
    }

    fn bounded(&self) -> Result<usize, Fault> {
        if self.len() <= MOST_COMPUTED || !matches!(self.data, Data::Splat(..)) {
            return Ok(self.len());
        }
        Err(Fault::new("it computes with a constant of more than 67 million numbers that the file does not contain"))
    }

    /// Hands out all numbers in order.
    pub(crate) fn each(&self, mut to: impl FnMut(f64)) {
        match &self.data {
            Data::Floats(floats) => floats.iter().for_each(|number| to(f64::from(*number))),
            Data::Ints(ints) => ints.iter().for_each(|number| to(*number as f64)),
            Data::Splat(number, _) => (0..self.len()).for_each(|_| to(*number)),
            Data::Encoded(bytes, encoding) => {
                let bytes = bytes.get();
                match encoding {
                    Encoding::F32 => bytes.as_chunks().0.iter().for_each(|it| to(f64::from(f32::from_le_bytes(*it)))),
                    Encoding::F64 => bytes.as_chunks().0.iter().for_each(|it| to(f64::from_le_bytes(*it))),
                    Encoding::F16 => bytes.as_chunks().0.iter().for_each(|it| to(half::f16::from_le_bytes(*it).into())),
                    Encoding::BF16 => {
                        bytes.as_chunks().0.iter().for_each(|it| to(half::bf16::from_le_bytes(*it).into()));
                    }
                }
            }
        }
    }

    /// Without repetitions: a dimension along which all numbers are the same has a size of 1.
    pub(crate) fn narrowed(&self) -> Result<Cow<'_, Self>, Fault> {
        let several = self.dims.iter().filter(|size| **size > 1).count();
        if several < 2 || matches!(self.data, Data::Splat(..)) {
            return Ok(Cow::Borrowed(self));
        }
        let floats = self.to_f32()?;
        let own = strides(&self.dims);
        let is_repeated = |at: &usize| {
            let steps: Vec<usize> = (0..own.len()).map(|axis| if axis == *at { 0 } else { own[axis] }).collect();
            positions(&self.dims, &steps).zip(floats.iter()).all(|(first, number)| floats[first] == *number)
        };
        let repeated: Vec<usize> = (0..own.len()).filter(|at| self.dims[*at] > 1).filter(is_repeated).collect();
        if repeated.is_empty() {
            return Ok(Cow::Borrowed(self));
        }
        let size = |at: usize| if repeated.contains(&at) { 1 } else { self.dims[at] };
        let dims: Vec<usize> = (0..own.len()).map(size).collect();
        let kept = positions(&dims, &own).map(|index| floats[index]).collect();
        Ok(Cow::Owned(Self { name: self.name, dims, data: Data::Floats(kept) }))
    }

    /// With its dimensions in another order.
    pub(crate) fn transposed(&self, order: &[usize]) -> Result<Self, Fault> {
        let dims: Vec<usize> = order.iter().map(|axis| self.dims[*axis]).collect();
        if let Data::Splat(..) = self.data {
            return Ok(self.with_dims(dims));
        }
        let strides = strides(&self.dims);
        let steps: Vec<usize> = order.iter().map(|axis| strides[*axis]).collect();
        let indices = positions(&dims, &steps);
        let data = match &self.data {
            Data::Ints(ints) => Data::Ints(indices.map(|index| ints[index]).collect()),
            _ => {
                let floats = self.to_f32()?;
                Data::Floats(indices.map(|index| floats[index]).collect())
            }
        };
        Ok(Self { name: self.name, dims, data })
    }
}

/// How far apart neighbours along each dimension are.
pub(crate) fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

/// Where the elements of a tensor of this shape are, in order, if neighbours along each dimension are so far apart.
pub(crate) fn positions(dims: &[usize], steps: &[usize]) -> impl Iterator<Item = usize> + use<> {
    let (dims, steps) = (dims.to_vec(), steps.to_vec());
    let mut index = vec![0; dims.len()];
    let (mut position, len) = (0, dims.iter().product::<usize>());
    (0..len).map(move |_| {
        let now = position;
        for axis in (0..dims.len()).rev() {
            index[axis] += 1;
            position += steps[axis];
            if index[axis] < dims[axis] {
                break;
            }
            position -= steps[axis] * dims[axis];
            index[axis] = 0;
        }
        now
    })
}
