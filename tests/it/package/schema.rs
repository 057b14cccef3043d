//! A table's schema: its fields, what their cells may hold, and the key that tells rows apart.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{known, text};

/// A schema, and the texts that stand for nothing.
pub(super) struct Schema {
    fields: Vec<Field>,
    missing: Vec<String>,
    /// Places of the fields of the primary key.
    key: Vec<usize>,
}

struct Field {
    name: String,
    kind: Kind,
    constraints: Constraints,
}

/// A field's type with what belongs to it.
enum Kind {
    String,
    Integer,
    Number,
    Boolean { yes: Vec<String>, no: Vec<String> },
    Date,
    DateTime,
}

#[derive(Default)]
struct Constraints {
    required: bool,
    unique: bool,
    choices: Option<Vec<Value>>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    longest: Option<u64>,
}

impl Schema {
    pub(super) fn read(schema: &Value) -> Result<Self, String> {
        let schema = schema.as_object().ok_or("the schema is no object")?;
        known(schema, &["fields", "missingValues", "primaryKey"])?;
        let fields = schema.get("fields").and_then(Value::as_array).ok_or("no list of fields")?;
        let fields: Vec<Field> = fields.iter().map(Field::read).collect::<Result<_, _>>()?;
        let names: BTreeSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        if fields.is_empty() || names.len() < fields.len() {
            return Err("no fields, or two of one name".into());
        }
        let key = match schema.get("primaryKey") {
            None => Vec::new(),
            Some(Value::String(name)) => vec![name.clone()],
            Some(names) => strings(names)?,
        };
        let place = |name: &String| {
            fields.iter().position(|field| field.name == *name).ok_or_else(|| format!("no field {name} for the key"))
        };
        let key = key.iter().map(place).collect::<Result<_, _>>()?;
        let missing = schema.get("missingValues").map_or_else(|| Ok(vec![String::new()]), strings)?;
        Ok(Self { fields, missing, key })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// A check of rows, one after the other.
    pub(super) fn rows(&self) -> Rows<'_> {
        Rows { schema: self, keys: BTreeSet::new(), seen: self.fields.iter().map(|_| BTreeSet::new()).collect() }
    }
}

/// What earlier rows hold that later ones may not.
pub(super) struct Rows<'a> {
    schema: &'a Schema,
    keys: BTreeSet<Vec<String>>,
    seen: Vec<BTreeSet<String>>,
}

impl Rows<'_> {
    pub(super) fn check(&mut self, cells: &[&str]) -> Result<(), String> {
        let Schema { fields, missing, key } = self.schema;
        if cells.len() != fields.len() {
            return Err(format!("{} cells in {} columns", cells.len(), fields.len()));
        }
        let is_missing = |cell: &str| missing.iter().any(|text| text == cell);
        if cells.iter().all(|cell| is_missing(cell)) {
            return Err("a row of nothing".into());
        }
        for ((field, seen), cell) in fields.iter().zip(&mut self.seen).zip(cells) {
            let constraints = &field.constraints;
            let checked = match is_missing(cell) {
                true if constraints.required => Err("nothing where something is required".to_owned()),
                true => Ok(()),
                false if constraints.unique && !seen.insert((*cell).to_owned()) => Err("it is there twice".into()),
                false => field.check(cell),
            };
            checked.map_err(|problem| format!("{}: {cell:?}: {problem}", field.name))?;
        }
        if key.is_empty() {
            return Ok(());
        }
        let values: Vec<String> = key.iter().map(|&place| cells[place].to_owned()).collect();
        if values.iter().any(|value| is_missing(value)) {
            return Err(format!("nothing in the key {values:?}"));
        }
        let shown = format!("the key {values:?} is there twice");
        if self.keys.insert(values) { Ok(()) } else { Err(shown) }
    }
}

impl Field {
    fn read(field: &Value) -> Result<Self, String> {
        let field = field.as_object().ok_or("a field is no object")?;
        let name = text(field, "name")?.to_owned();
        let read = || -> Result<Self, String> {
            let mut properties = vec!["name", "title", "description", "type", "format", "constraints"];
            let kind = Kind::read(field, &mut properties)?;
            known(field, &properties)?;
            if field.get("format").is_some_and(|format| format != "default") {
                return Err(format!("format {} is not understood", field["format"]));
            }
            let constraints = field.get("constraints").map_or_else(|| Ok(Constraints::default()), Constraints::read)?;
            Ok(Self { name: name.clone(), kind, constraints })
        };
        read().map_err(|problem| format!("field {name}: {problem}"))
    }

    fn check(&self, cell: &str) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("it is no {what}"));
        let value = match &self.kind {
            Kind::String => Value::from(cell),
            Kind::Integer => match integer(cell) {
                Some(number) => number.into(),
                None => return wrong("integer"),
            },
            Kind::Number => match number(cell) {
                Some(number) => number.into(),
                None => return wrong("number"),
            },
            Kind::Boolean { yes, no } => {
                match (yes.iter().any(|text| text == cell), no.iter().any(|text| text == cell)) {
                    (true, false) => true.into(),
                    (false, true) => false.into(),
                    _ => return wrong("boolean"),
                }
            }
            Kind::Date if is_date(cell) => Value::from(cell),
            Kind::Date => return wrong("date"),
            Kind::DateTime if is_datetime(cell) => Value::from(cell),
            Kind::DateTime => return wrong("datetime"),
        };
        self.constraints.check(cell, &value)
    }
}

impl Kind {
    /// Reads the type; adds the properties that belong to it alone.
    fn read(field: &Map<String, Value>, properties: &mut Vec<&'static str>) -> Result<Self, String> {
        // A field without a type is a string.
        Ok(match field.get("type").map_or(Some("string"), Value::as_str) {
            Some("string") => Self::String,
            Some("integer") => Self::Integer,
            Some("number") => Self::Number,
            Some("date") => Self::Date,
            Some("datetime") => Self::DateTime,
            Some("boolean") => {
                properties.extend(["trueValues", "falseValues"]);
                let words = |property: &str, usual: [&str; 4]| match field.get(property) {
                    Some(values) => strings(values),
                    None => Ok(usual.map(str::to_owned).to_vec()),
                };
                Self::Boolean {
                    yes: words("trueValues", ["true", "True", "TRUE", "1"])?,
                    no: words("falseValues", ["false", "False", "FALSE", "0"])?,
                }
            }
            other => return Err(format!("type {other:?} is not understood")),
        })
    }
}

impl Constraints {
    fn read(constraints: &Value) -> Result<Self, String> {
        let mut read = Self::default();
        for (property, value) in constraints.as_object().ok_or("the constraints are no object")? {
            let wrong = || format!("constraint {property} = {value} is not understood");
            match property.as_str() {
                "required" => read.required = value.as_bool().ok_or_else(wrong)?,
                "unique" => read.unique = value.as_bool().ok_or_else(wrong)?,
                "enum" => read.choices = Some(value.as_array().ok_or_else(wrong)?.clone()),
                "minimum" => read.minimum = Some(value.as_f64().ok_or_else(wrong)?),
                "maximum" => read.maximum = Some(value.as_f64().ok_or_else(wrong)?),
                "maxLength" => read.longest = Some(value.as_u64().ok_or_else(wrong)?),
                _ => return Err(wrong()),
            }
        }
        Ok(read)
    }

    fn check(&self, cell: &str, value: &Value) -> Result<(), String> {
        if let Some(choices) = &self.choices {
            // Choices may be written as the cell is, or as its value.
            if !choices.iter().any(|choice| choice == value || choice == cell) {
                return Err(format!("it is none of {choices:?}"));
            }
        }
        let number = value.as_f64();
        if self.minimum.is_some_and(|least| number.is_none_or(|number| number < least)) {
            return Err("it is below the minimum".into());
        }
        if self.maximum.is_some_and(|most| number.is_none_or(|number| number > most)) {
            return Err("it is above the maximum".into());
        }
        if self.longest.is_some_and(|most| cell.chars().count() as u64 > most) {
            return Err("it is too long".into());
        }
        Ok(())
    }
}

/// Digits behind a sign, if any: what the specification takes for an integer, and nothing of Rust's own.
fn integer(cell: &str) -> Option<i64> {
    let digits = cell.strip_prefix(['-', '+']).unwrap_or(cell);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| cell.parse().ok()).flatten()
}

/// A decimal with an exponent, if any. `NaN` and `INF`, which the specification allows, are no numbers to a dashboard.
fn number(cell: &str) -> Option<f64> {
    let plain = cell.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    plain.then(|| cell.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
}

/// `YYYY-MM-DD`, and a day that there is.
fn is_date(cell: &str) -> bool {
    let shape = cell.len() == 10
        && cell.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    shape && cell.parse::<jiff::civil::Date>().is_ok()
}

/// `YYYY-MM-DDThh:mm:ssZ`, with a fraction of the second if any: a moment in UTC that there is.
fn is_datetime(cell: &str) -> bool {
    let shape =
        cell.split_once('T').is_some_and(|(date, time)| is_date(date) && time.len() >= 9 && time.ends_with('Z'));
    shape && cell.parse::<jiff::Timestamp>().is_ok()
}

fn strings(value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| format!("{value} is no list"))?;
    let string = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| format!("{value} is no string"));
    list.iter().map(string).collect()
}
