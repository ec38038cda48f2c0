//! The names of steps, and of steps applied again.

use proc_macro2::Ident;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Result, Token};

use super::Parser;
use super::token::expected;
use crate::ast::{Again, Counter, Name};
use crate::report::{Edit, Message, Place, message};

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
    pub(super) fn again(&mut self, input: ParseStream<'_>) -> Result<Again> {
        let word = input.call(Ident::parse_any)?;
        let mut name = name_token(input)?;
        let (mut place, mut text) = (Place::from(name.span()), name.to_string());
        // Levels of names, which belong in quotes.
        while input.peek(Token![.]) && !input.peek(Token![..]) && input.peek2(Ident::peek_any) {
            input.parse::<Token![.]>()?;
            let level = input.call(Ident::parse_any)?;
            place = place.to(level.span());
            text.push_str(&format!(".{}", level.unraw()));
        }
        if text != name.to_string() {
            name = Name::new(text, place.ends()[0]);
            let (wrong, written) = (format!("expected the name of a step, found `{name}`"), name.written());
            let help = format!("put it in quotes: `again {written}`");
            self.report.error(place, message(&wrong, &help).fix([Edit::instead(place, written)]));
        }
        let place = Place::from(word.span()).to(place);
        Ok(Again { name, place })
    }

    /// `NAME ".." ":"`, its place without the colon, and what is wrong with its number; it then counts from 1.
    pub(super) fn counter(&mut self, input: ParseStream<'_>) -> Result<Option<(Counter, Place, Option<Message>)>> {
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
        let (first, mistake) = number.parse::<u32>().map(|first| (first, None)).unwrap_or_else(|_| {
            let instead = Name::new(format!("{stem}1"), name.span()).written();
            let name = name.written();
            let message = if number.is_empty() {
                format!("`{name}..` has no number to count from\nhelp: `{instead}..` counts `{stem}1`, `{stem}2`, …")
            } else {
                format!("`{name}..` counts from a number that is too large\nhelp: `{instead}..`")
            };
            (1, Some(Message::from(message).fix([Edit::instead(place, format!("{instead}.."))])))
        });
        Ok(Some((Counter { name, digits: number.len(), stem, first: first.into() }, place, mistake)))
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
