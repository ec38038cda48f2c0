//! The tables of a TFLite file that describe inference, as far as they are needed: those of TensorFlow's `schema.fbs`.

use std::collections::BTreeMap;

use super::buffer::{Ints, Table, Tables};
use crate::proto::wire::{Malformed, Result};

/// A file with more parts (tensors, operators, what these read) is not read. Nets have a few thousand.
const MOST_PARTS: usize = 400_000;

/// A file.
pub(super) struct Model<'a> {
    pub(super) codes: Vec<Code<'a>>,
    pub(super) tensors: Vec<Tensor<'a>>,
    pub(super) inputs: Vec<i32>,
    pub(super) outputs: Vec<i32>,
    pub(super) operators: Vec<Operator<'a>>,
    buffers: Vec<Table<'a>>,
    /// How many graphs there are; the first one is read.
    pub(super) graphs: usize,
    /// What inputs and outputs are called, by their tensors.
    pub(super) names: BTreeMap<i32, &'a str>,
    file: &'a [u8],
}

/// An operator that is used.
pub(super) struct Code<'a> {
    /// Its number in the schema.
    pub(super) number: usize,
    /// The name of one that is not TFLite's own.
    pub(super) custom: &'a str,
}

pub(super) struct Tensor<'a> {
    pub(super) name: &'a str,
    /// The sizes of its dimensions; those that are open are -1.
    pub(super) shape: Vec<i32>,
    /// The schema's number of the type of its elements.
    pub(super) kind: u8,
    buffer: usize,
    /// Whether its numbers are whole ones that stand for others.
    pub(super) is_quantised: bool,
    pub(super) is_sparse: bool,
    pub(super) is_variable: bool,
}

/// A call of an operator.
pub(super) struct Operator<'a> {
    pub(super) code: usize,
    /// The numbers of tensors; -1 is one that is left out.
    pub(super) inputs: Vec<i32>,
    pub(super) outputs: Vec<i32>,
    pub(super) options: Option<Table<'a>>,
}

impl<'a> Model<'a> {
    /// A tensor by its number.
    pub(super) fn tensor(&self, index: i32) -> Option<&Tensor<'a>> {
        usize::try_from(index).ok().and_then(|index| self.tensors.get(index))
    }

    /// The bytes of a tensor that has some.
    pub(super) fn content(&self, tensor: &Tensor<'a>) -> Result<Option<&'a [u8]>> {
        let Some(buffer) = self.buffers.get(tensor.buffer) else {
            return Err(Malformed("a tensor is in a buffer that there is not"));
        };
        if let Some(bytes) = buffer.bytes(0)?.filter(|bytes| !bytes.is_empty()) {
            return Ok(Some(bytes));
        }
        // Files of more than 2 GB have their numbers after the tables. An offset of 0 or 1 is none.
        let [offset, size] = [buffer.long(1)?, buffer.long(2)?];
        if offset < 2 {
            return Ok(None);
        }
        let end = offset.checked_add(size).and_then(|end| usize::try_from(end).ok());
        let bytes = end.and_then(|end| self.file.get(offset as usize..end));
        bytes.map(Some).ok_or(Malformed("it ends before the numbers of a tensor do"))
    }
}

/// Reads a file.
pub(super) fn model(file: &[u8]) -> Result<Model<'_>> {
    let root = Table::root(file)?;
    let graphs = root.tables(2)?;
    let Some(graph) = graphs.iter().next().transpose()? else { return Err(Malformed("it has no graph")) };
    let mut reader = Reader { parts: MOST_PARTS };
    Ok(Model {
        codes: reader.all(root.tables(1)?, |_, table| code(&table))?,
        tensors: reader.all(graph.tables(0)?, |reader, table| reader.tensor(&table))?,
        inputs: reader.listed(graph.ints(1)?)?,
        outputs: reader.listed(graph.ints(2)?)?,
        operators: reader.all(graph.tables(3)?, |reader, table| reader.operator(&table))?,
        buffers: reader.all(root.tables(4)?, |_, table| Ok(table))?,
        graphs: graphs.len(),
        names: reader.names(&root)?,
        file,
    })
}

fn code<'a>(table: &Table<'a>) -> Result<Code<'a>> {
    // Numbers up to 126 used to be in a byte, and still are.
    let number = table.int(3)?.max(i32::from(table.byte(0)?));
    Ok(Code { number: usize::try_from(number).unwrap_or(usize::MAX), custom: table.text(1)? })
}

struct Reader {
    /// How many parts may still be read.
    parts: usize,
}

impl Reader {
    fn part(&mut self, count: usize) -> Result<()> {
        self.parts = self.parts.checked_sub(count).ok_or(Malformed("it has more parts than a net has"))?;
        Ok(())
    }

    fn listed(&mut self, ints: Ints<'_>) -> Result<Vec<i32>> {
        self.part(ints.len())?;
        Ok(ints.to_vec())
    }

    fn all<'a, T>(&mut self, tables: Tables<'a>, read: impl Fn(&mut Self, Table<'a>) -> Result<T>) -> Result<Vec<T>> {
        self.part(tables.len())?;
        tables.iter().map(|table| read(self, table?)).collect()
    }

    fn tensor<'a>(&mut self, table: &Table<'a>) -> Result<Tensor<'a>> {
        let (shape, open) = (self.listed(table.ints(0)?)?, self.listed(table.ints(7)?)?);
        let scales = table.table(4)?.map(|quantisation| quantisation.ints(2)).transpose()?;
        Ok(Tensor {
            name: table.text(3)?,
            shape: if open.len() == shape.len() { open } else { shape },
            kind: table.byte(1)?,
            buffer: usize::try_from(table.int(2)?).unwrap_or(usize::MAX),
            is_quantised: scales.is_some_and(|scales| scales.len() > 0),
            is_sparse: table.table(6)?.is_some(),
            is_variable: table.byte(5)? != 0,
        })
    }

    fn operator<'a>(&mut self, table: &Table<'a>) -> Result<Operator<'a>> {
        Ok(Operator {
            code: usize::try_from(table.int(0)?).unwrap_or(usize::MAX),
            inputs: self.listed(table.ints(1)?)?,
            outputs: self.listed(table.ints(2)?)?,
            options: table.table(4)?,
        })
    }

    /// The names of inputs and outputs in the first signature: those of the graph's tensors are made by the converter.
    fn names<'a>(&mut self, root: &Table<'a>) -> Result<BTreeMap<i32, &'a str>> {
        let mut names = BTreeMap::new();
        let signatures = root.tables(7)?;
        let Some(signature) = signatures.iter().next().transpose()? else { return Ok(names) };
        for tensors in [signature.tables(0)?, signature.tables(1)?] {
            self.part(tensors.len())?;
            for table in tensors.iter() {
                let table = table?;
                names.entry(table.int(1)?).or_insert(table.text(0)?);
            }
        }
        Ok(names)
    }
}
