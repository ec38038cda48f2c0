//! Numbers, sizes and arithmetic.
//!
//! ```text
//! expr    = size [ ".." size ]               a range when there are dots: 0..16
//! size    = sum { "x" sum }                  a size when there is an "x": 3x3, 3 x k
//! sum     = product { ("+" | "-") product }
//! product = unary { ("*" | "/" | "%") unary }
//! unary   = [ "-" ] ( number | word | path | "(" expr { "," expr } ")" )
//! ```
//!
//! Rust's lexer reads `5x5` as the number 5 with the suffix `x5`, and `x5` after a space as a word; both are taken apart
//! here.

use proc_macro2::{Delimiter, Group, Ident, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{
    Error, GenericArgument, LitBool, LitFloat, LitInt, LitStr, Result, Token, Type, TypePath, parenthesized, token,
};

use super::token::{check_path, expected};
use crate::ast::{Arg, Call, Expr, ExprKind, Operator};
use crate::path::RustPath;
use crate::report::Place;

/// Expressions nested more deeply than this could overflow the stack.
const MOST_OPERATORS: usize = 100;

/// Parses an expression.
pub(super) fn parse(input: ParseStream<'_>) -> Result<Expr> {
    let first = size(input)?;
    if !input.peek(Token![..]) {
        return Ok(first);
    }
    let is_closed = input.peek(Token![..=]);
    let dots = if is_closed {
        Place::from(input.parse::<Token![..=]>()?.spans[0])
    } else {
        Place::from(input.parse::<Token![..]>()?.spans[0])
    };
    if input.is_empty() || input.peek(Token![,]) {
        return Err(first
            .place
            .to(dots)
            .mistake(&format!("`{first}..` has no end\nhelp: for example `0..16`, which is 0 to 15")));
    }
    let end = size(input)?;
    let place = first.place.to(end.place);
    if is_closed {
        let wrong = format!("`{first}..={end}` would end with its second number");
        return Err(
            place.mistake(&format!("{wrong}\nhelp: ranges end before it: for example `0..16`, which is 0 to 15"))
        );
    }
    Ok(Expr { kind: ExprKind::Range(Box::new([first, end])), place })
}

/// A number or a size.
fn size(input: ParseStream<'_>) -> Result<Expr> {
    let mut parts = Vec::new();
    loop {
        let open = match sized_literal(input)? {
            Some((dims, open)) => {
                parts.extend(dims);
                open
            }
            None => {
                parts.push(sum(input)?);
                false
            }
        };
        if !open && !times(input, &mut parts)? {
            break;
        }
    }
    let place = parts[0].place.to(parts[parts.len() - 1].place);
    match <[Expr; 1]>::try_from(parts) {
        Ok([single]) => Ok(single),
        Err(dims) => Ok(Expr { kind: ExprKind::Size(dims), place }),
    }
}

/// A literal such as `5x5` or `3x`: its numbers, and whether another number must follow.
fn sized_literal(input: ParseStream<'_>) -> Result<Option<(Vec<Expr>, bool)>> {
    let Ok(literal) = input.fork().parse::<LitInt>() else { return Ok(None) };
    refuse_hexadecimal(&literal)?;
    if literal.suffix().is_empty() {
        return Ok(None);
    }
    input.parse::<LitInt>()?;
    let place = Place::from(literal.span());
    let first = whole(literal.base10_digits(), place)?;
    match dims(literal.suffix(), place)? {
        Some((mut rest, open)) => {
            rest.insert(0, first);
            Ok(Some((rest, open)))
        }
        None => {
            let help = match spaced(&literal) {
                Some(spaced) => format!("names are between spaces, for example `{spaced}`"),
                None => "sizes are written `3x3`, height first, and numbers have no suffix".to_owned(),
            };
            Err(Error::new(literal.span(), format!("`{literal}` is not a number\nhelp: {help}")))
        }
    }
}

/// `3 x W x W` for `3xWxW`, which is a single token.
fn spaced(literal: &LitInt) -> Option<String> {
    let parts: Vec<&str> = literal.suffix().strip_prefix('x')?.split('x').collect();
    let is_part = |part: &&str| {
        syn::parse_str::<Ident>(part).is_ok() || !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    parts.iter().all(is_part).then(|| format!("{} x {}", literal.base10_digits(), parts.join(" x ")))
}

/// An `x` between the numbers of a size: `x`, or `x3` with the number that follows. True if the next number is still to
/// come, false where the size ends.
fn times(input: ParseStream<'_>, parts: &mut Vec<Expr>) -> Result<bool> {
    loop {
        let Ok(word) = input.fork().call(Ident::parse_any) else { return Ok(false) };
        let Some((more, open)) = dims(&word.to_string(), word.span().into())? else { return Ok(false) };
        input.call(Ident::parse_any)?;
        parts.extend(more);
        if open {
            return Ok(true);
        }
    }
}

/// Takes `x5x5` apart. The flag says whether it ends in `x`. `None` if it is anything else.
fn dims(text: &str, place: Place) -> Result<Option<(Vec<Expr>, bool)>> {
    let Some(text) = text.strip_prefix('x') else { return Ok(None) };
    let (text, open) = match text.strip_suffix('x') {
        Some(text) => (text, true),
        None => (text, text.is_empty()),
    };
    if text.is_empty() {
        return Ok(Some((Vec::new(), open)));
    }
    let parts: Vec<&str> = text.split('x').collect();
    if !parts.iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())) {
        return Ok(None);
    }
    let numbers = parts.into_iter().map(|part| whole(part, place)).collect::<Result<_>>()?;
    Ok(Some((numbers, open)))
}

fn whole(digits: &str, place: Place) -> Result<Expr> {
    match digits.parse() {
        Ok(value) => Ok(Expr { kind: ExprKind::Int(value), place }),
        Err(_) => Err(place.mistake(&format!("`{digits}` does not fit in 64 bits"))),
    }
}

fn sum(input: ParseStream<'_>) -> Result<Expr> {
    let mut left = product(input)?;
    loop {
        let operator = if input.peek(Token![+]) {
            input.parse::<Token![+]>()?;
            Operator::Add
        } else if input.peek(Token![-]) && !input.peek(Token![->]) {
            input.parse::<Token![-]>()?;
            Operator::Sub
        } else {
            return Ok(left);
        };
        left = binary(operator, left, product(input)?)?;
    }
}

fn product(input: ParseStream<'_>) -> Result<Expr> {
    let mut left = unary(input)?;
    loop {
        let operator = if input.peek(Token![*]) {
            input.parse::<Token![*]>()?;
            Operator::Mul
        } else if input.peek(Token![/]) {
            input.parse::<Token![/]>()?;
            Operator::Div
        } else if input.peek(Token![%]) {
            input.parse::<Token![%]>()?;
            Operator::Rem
        } else {
            return Ok(left);
        };
        left = binary(operator, left, unary(input)?)?;
    }
}

/// An operation, unless it has too many others in it.
fn binary(operator: Operator, left: Expr, right: Expr) -> Result<Expr> {
    let place = left.place.to(right.place);
    if operators(&left) + operators(&right) >= MOST_OPERATORS {
        return Err(place.mistake(&format!("more than {MOST_OPERATORS} operators in one expression")));
    }
    Ok(Expr { kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)), place })
}

/// How many operators there are between the numbers of an expression.
fn operators(expr: &Expr) -> usize {
    match &expr.kind {
        ExprKind::Binary(_, left, right) => 1 + operators(left) + operators(right),
        ExprKind::Negative(inner) => operators(inner),
        ExprKind::Size(parts) | ExprKind::Tuple(parts) => parts.iter().map(operators).sum(),
        ExprKind::Call(call) => call.args.iter().map(|arg| operators(&arg.value)).sum(),
        ExprKind::Range(ends) => ends.iter().map(operators).sum(),
        ExprKind::Int(_)
        | ExprKind::Real(_)
        | ExprKind::Bool(_)
        | ExprKind::Name(_)
        | ExprKind::Path(_)
        | ExprKind::Broken => 0,
    }
}

fn unary(input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(Token![-]) && !input.peek(Token![->]) {
        let minus: Token![-] = input.parse()?;
        let value = primary(input)?;
        let place = Place::from(minus.spans[0]).to(value.place);
        let kind = match value.kind {
            ExprKind::Real(real) => ExprKind::Real(-real),
            _ => ExprKind::Negative(Box::new(value)),
        };
        return Ok(Expr { kind, place });
    }
    primary(input)
}

fn primary(input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(LitInt) {
        let literal: LitInt = input.parse()?;
        refuse_hexadecimal(&literal)?;
        if !literal.suffix().is_empty() {
            return Err(Error::new(
                literal.span(),
                format!("`{literal}` can't be part of arithmetic\nhelp: write a size with spaces: `2 * k x 3`"),
            ));
        }
        return whole(literal.base10_digits(), literal.span().into());
    }
    if input.peek(LitFloat) {
        let literal: LitFloat = input.parse()?;
        return decimal(&literal);
    }
    if input.peek(LitBool) {
        let literal: LitBool = input.parse()?;
        return Ok(Expr { kind: ExprKind::Bool(literal.value), place: literal.span.into() });
    }
    if input.peek(token::Paren) {
        return parentheses(input);
    }
    if let Some(path) = path(input)? {
        return Ok(path);
    }
    if input.peek(syn::Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        if input.peek(token::Paren) {
            return call(input, word);
        }
        return Ok(Expr { kind: ExprKind::Name(word.to_string()), place: word.span().into() });
    }
    let what = "a number, a size such as `3x3`, or a parameter of the block";
    if let Ok(text) = input.fork().parse::<LitStr>()
        && (text.parse_with(syn::Path::parse_mod_style).is_ok() || text.parse::<LitInt>().is_ok())
    {
        return Err(expected(input, &format!("{what}\nhelp: without quotes, `{}`", text.value())));
    }
    if let Ok(group) = input.fork().parse::<Group>()
        && group.delimiter() == Delimiter::Bracket
    {
        let text = group.stream().to_string();
        let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        let is_whole = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let right = if parts.iter().all(is_whole) { parts.join("x") } else { format!("({})", parts.join(", ")) };
        let example = if parts.is_empty() { String::new() } else { format!(", for example `{right}`") };
        return Err(expected(input, &format!("{what}\nhelp: sizes have no brackets{example}")));
    }
    if input.peek(Token![|]) || input.peek(Token![||]) {
        let help = "help: `map` takes the path of a function `fn(f32) -> f32`";
        return Err(input.error(format!("a closure has no path, so it can't be named here\n{help}")));
    }
    Err(expected(input, what))
}

/// A path of Rust that is more than a word.
fn path(input: ParseStream<'_>) -> Result<Option<Expr>> {
    if !input.peek(syn::Ident::peek_any) && !input.peek(Token![::]) {
        return Ok(None);
    }
    check_path(input)?;
    let begin = input.fork();
    match begin.parse::<syn::Path>() {
        Ok(path) if path.get_ident().is_none() => {
            input.parse::<syn::Path>()?;
            let path = RustPath::new(path);
            Ok(Some(Expr { place: path.place(), kind: ExprKind::Path(path) }))
        }
        Err(_) if input.peek2(Token![::]) || input.peek(Token![::]) => Err(expected(&begin, "the rest of a path")),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// What is in the angle brackets of a path, as the language reads it, if it can be a number: a word, or an expression in braces.
pub(crate) fn generic(argument: &GenericArgument) -> Option<Expr> {
    match argument {
        GenericArgument::Type(Type::Path(TypePath { qself: None, path, .. })) => {
            let word = path.get_ident()?;
            Some(Expr { kind: ExprKind::Name(word.to_string()), place: word.span().into() })
        }
        GenericArgument::Const(expr) => match expr.to_token_stream().into_iter().next() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => parse.parse2(group.stream()).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// `NAME "(" [ [ NAME "=" ] expr { "," … } ] ")"`: a layer that is an argument of a block.
fn call(input: ParseStream<'_>, name: Ident) -> Result<Expr> {
    let content;
    let place = Place::from(name.span()).to(parenthesized!(content in input).span.close());
    let mut args = Vec::new();
    while !content.is_empty() {
        let is_named = content.peek(syn::Ident::peek_any) && content.peek2(Token![=]);
        let name = if is_named { Some(content.call(Ident::parse_any)?.unraw()) } else { None };
        if is_named {
            content.parse::<Token![=]>()?;
        }
        args.push(Arg { name, value: parse(&content)? });
        if content.peek(Token![,]) {
            content.parse::<Token![,]>()?;
        } else if !content.is_empty() {
            return Err(expected(&content, "an operator, `,` or `)`"));
        }
    }
    Ok(Expr { kind: ExprKind::Call(Box::new(Call { name: name.unraw(), place, args })), place })
}

fn decimal(literal: &LitFloat) -> Result<Expr> {
    if !literal.suffix().is_empty() {
        let help = "numbers have no suffix, and sizes are whole: `3x3`";
        return Err(Error::new(literal.span(), format!("`{literal}` is not a number\nhelp: {help}")));
    }
    let value: f64 = literal.base10_parse()?;
    if !value.is_finite() {
        return Err(Error::new(literal.span(), format!("`{literal}` does not fit in 64 bits")));
    }
    Ok(Expr { kind: ExprKind::Real(value), place: literal.span().into() })
}

/// `(a + b)`, or a tuple `(0, 3)`.
fn parentheses(input: ParseStream<'_>) -> Result<Expr> {
    let content;
    let paren = parenthesized!(content in input);
    let place = Place::from(paren.span.open()).to(paren.span.close());
    let mut parts = vec![parse(&content)?];
    while content.peek(Token![,]) {
        content.parse::<Token![,]>()?;
        if !content.is_empty() {
            parts.push(parse(&content)?);
        }
    }
    if !content.is_empty() {
        return Err(expected(&content, "an operator, `,` or `)`"));
    }
    match <[Expr; 1]>::try_from(parts) {
        Ok([single]) => Ok(Expr { kind: single.kind, place }),
        Err(parts) => Ok(Expr { kind: ExprKind::Tuple(parts), place }),
    }
}

/// `0x3` is 3 in base 16 in Rust, and would silently become another size.
fn refuse_hexadecimal(literal: &LitInt) -> Result<()> {
    let text = literal.to_string();
    let Some(rest) = text.strip_prefix("0x") else { return Ok(()) };
    let size = rest.split('x').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    let help = match size {
        true if rest.contains('x') => "a map has at least one channel, one row and one column".to_owned(),
        true => format!("a size that begins with a zero is written `(0, {rest})`"),
        false => "numbers are decimal".to_owned(),
    };
    Err(Error::new(literal.span(), format!("`{text}` is a hexadecimal number to Rust\nhelp: {help}")))
}
