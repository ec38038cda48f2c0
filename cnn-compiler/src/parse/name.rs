//! The names of steps, and of steps applied again.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Result, Token};

use super::Parser;
use super::token::expected;
use crate::ast::{Again, Counter, Name};
use crate::report::{Edit, Message, Place};

impl Parser<'_> {
    /// `NAME ":"`: a word, a number or any text in quotes.
    pub(super) fn name(&mut self, input: ParseStream<'_>) -> Result<Option<Name>> {
        let is_number = || input.fork().parse::<LitInt>().is_ok_and(|number| number.suffix().is_empty());
        let is_name = input.peek(Ident::peek_any) || input.peek(LitStr) || is_number();
        if !input.peek2(Token![:]) || input.peek2(Token![::]) || !is_name {
            return Ok(self.name_elsewhere(input));
        }
        let name = name_token(input);
        input.parse::<Token![:]>()?;
        // The step is read even if its name is invalid.
        Ok(name.map_err(|mistake| self.report.push(mistake)).ok())
    }

    /// `"again" NAME`
    pub(super) fn again(input: ParseStream<'_>) -> Result<Again> {
        let word = input.call(Ident::parse_any)?;
        let name = name_token(input)?;
        let place = Place::from(word.span()).to(name.span());
        Ok(Again { name, place })
    }

    /// `NAME ".." ":"`, and its place without the colon. A name that does not end in a number is reported, and counts from 1.
    pub(super) fn counter(&mut self, input: ParseStream<'_>) -> Result<Option<(Counter, Place)>> {
        if !input.peek2(Token![..]) {
            return Ok(None);
        }
        if !input.peek(Ident::peek_any) && !input.peek(LitStr) {
            return Ok(None);
        }
        let span = input.span();
        // A mistake in it is reported here, and its place taken by a name without one.
        let name = name_token(input).unwrap_or_else(|mistake| {
            self.report.push(mistake);
            Name::new("1".to_owned(), span)
        });
        let dots: Token![..] = input.parse()?;
        if !input.peek(Token![:]) {
            return Err(expected(input, &format!("`:` and the step\nhelp: `[{}..: step; 3]`", name.written())));
        }
        input.parse::<Token![:]>()?;
        let place = Place::from(name.span()).to(dots.spans[1]);
        let all = name.to_string();
        let stem = all.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
        let number = &all[stem.len()..];
        // A number of 32 bits leaves room to count.
        let first = number.parse::<u32>().unwrap_or_else(|_| {
            let instead = Name::new(format!("{stem}1"), name.span()).written();
            let name = name.written();
            let message = if number.is_empty() {
                format!("`{name}..` has no number to count from\nhelp: `{instead}..` counts `{stem}1`, `{stem}2`, …")
            } else {
                format!("`{name}..` counts from a number that is too large\nhelp: `{instead}..`")
            };
            self.report.error(place, Message::from(message).fix([Edit::instead(place, format!("{instead}.."))]));
            1
        });
        Ok(Some((Counter { name, digits: number.len(), stem, first: first.into() }, place)))
    }
}

/// A word, a number, or any text in quotes, in which dots are levels of names, as in PyTorch.
fn name_token(input: ParseStream<'_>) -> Result<Name> {
    if input.peek(LitInt) {
        let number: LitInt = input.parse()?;
        return Ok(Name::new(number.base10_digits().to_owned(), number.span()));
    }
    if !input.peek(LitStr) {
        return Ok(Name::from(&input.call(Ident::parse_any)?.unraw()));
    }
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    let why = if text.split('.').any(str::is_empty) {
        "a part of it is empty"
    } else if text.contains(char::is_control) {
        "it has control characters"
    } else {
        return Ok(Name::new(text, literal.span()));
    };
    Err(Error::new(literal.span(), format!("{text:?} is not a name: {why}")))
}
