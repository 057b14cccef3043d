//! What is asked, and whether it may be: the fields of `ConverseRequest` by the service model, the subset of JSON Schema that
//! structured outputs take, and what the model supports.

use serde::Deserialize;
use serde_json::Value;

use super::super::http::{self, Request};
use super::super::service::ServiceError;
use super::Config;

/// A request that may be answered.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) model: String,
    /// What the model is told besides the user's message.
    pub(super) system: String,
    pub(super) message: String,
    pub(super) max_tokens: u64,
    pub(super) bound: Bound,
}

/// What binds the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// A schema, as it was sent.
    Schema(String, Value),
    /// A tool, its schema as it was sent.
    Tool(String, Value),
    Nothing,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    system: Option<Vec<TextBlock>>,
    messages: Vec<Message>,
    inference_config: Option<Inference>,
    tool_config: Option<ToolConfig>,
    output_config: Option<OutputConfig>,
    service_tier: Option<Tier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextBlock {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    role: String,
    content: Vec<TextBlock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Inference {
    max_tokens: Option<u64>,
    temperature: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolConfig {
    tools: Vec<Tool>,
    tool_choice: Option<ToolChoice>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Tool {
    tool_spec: ToolSpec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ToolSpec {
    name: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    input_schema: InputSchema,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InputSchema {
    json: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ToolChoice {
    tool: NamedTool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedTool {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OutputConfig {
    text_format: TextFormat,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TextFormat {
    r#type: String,
    structure: Structure,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Structure {
    json_schema: JsonSchema,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonSchema {
    schema: String,
    #[serde(rename = "name")]
    _name: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    r#type: String,
}

fn invalid(message: &str) -> ServiceError {
    ServiceError::new(400, "ValidationException", message)
}

fn must(holds: bool, message: &str) -> Result<(), ServiceError> {
    if holds { Ok(()) } else { Err(invalid(message)) }
}

/// The model that a path names, if it is one of `Converse`.
pub(super) fn model(request: &Request) -> Option<String> {
    let id = request.target.strip_prefix("/model/")?.strip_suffix("/converse")?;
    // A colon and a slash have to be encoded in a path's part.
    (request.method == "POST" && !id.contains(['/', ':'])).then(|| http::decoded(id))
}

impl Asked {
    /// Reads and checks a body.
    ///
    /// # Errors
    /// What the service would answer.
    pub(super) fn read(request: &Request, model: String, config: &Config) -> Result<Self, ServiceError> {
        must(request.header("content-type") == Some("application/json"), "The content type is not application/json")?;
        must(config.models.contains(&model.as_str()), "The provided model identifier is invalid.")?;
        // serde's message names fields and no values of texts.
        let body: Body = serde_json::from_slice(&request.body).map_err(|error| invalid(&error.to_string()))?;
        let [message] = &*body.messages else { return Err(invalid("A conversation must start with a user message.")) };
        must(message.role == "user", "A conversation must start with a user message.")?;
        let texts = |blocks: &[TextBlock]| blocks.iter().map(|block| block.text.as_str()).collect::<String>();
        let (system, message) = (texts(body.system.as_deref().unwrap_or_default()), texts(&message.content));
        must(!message.trim().is_empty(), "The text field in the ContentBlock object is blank.")?;
        let inference = body.inference_config.unwrap_or(Inference { max_tokens: None, temperature: None });
        let max_tokens = inference.max_tokens.unwrap_or(4_096);
        must((1..=64_000).contains(&max_tokens), "maxTokens is out of range")?;
        must(inference.temperature.is_none_or(|value| (0.0..=1.0).contains(&value)), "temperature is out of range")?;
        let tiers = ["default", "flex", "priority", "reserved"];
        must(body.service_tier.is_none_or(|tier| tiers.contains(&&*tier.r#type)), "unknown service tier")?;
        let bound = bound(body.output_config, body.tool_config, config)?;
        Ok(Self { model, system, message, max_tokens, bound })
    }

    /// Everything that the model reads, in tokens of four bytes.
    pub(super) fn input_tokens(&self) -> u64 {
        let schema = match &self.bound {
            Bound::Schema(schema, _) => schema.len(),
            Bound::Tool(schema, _) => schema.len() + 4 * 340,
            Bound::Nothing => 0,
        };
        ((self.system.len() + self.message.len() + schema) as u64).div_ceil(4)
    }
}

fn bound(output: Option<OutputConfig>, tools: Option<ToolConfig>, config: &Config) -> Result<Bound, ServiceError> {
    match (output, tools) {
        (None, None) => Ok(Bound::Nothing),
        (Some(output), None) => {
            must(config.schemas, "This model doesn't support the outputConfig field.")?;
            must(output.text_format.r#type == "json_schema", "unknown type of textFormat")?;
            let schema = output.text_format.structure.json_schema.schema;
            let value = serde_json::from_str(&schema).map_err(|_| invalid("the schema is no JSON"))?;
            check_schema(&value)?;
            Ok(Bound::Schema(schema, value))
        }
        (None, Some(tools)) => {
            must(config.tools, "This model doesn't support tool use.")?;
            let [Tool { tool_spec }] = &*tools.tools else { return Err(invalid("one tool, please")) };
            let chosen = tools.tool_choice.map(|choice| choice.tool.name);
            must(chosen.as_ref() == Some(&tool_spec.name), "the chosen tool is not among the tools")?;
            let is_name = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            must(tool_spec.name.len() <= 64 && tool_spec.name.chars().all(is_name), "the name of the tool")?;
            let schema = tool_spec.input_schema.json.clone();
            Ok(Bound::Tool(schema.to_string(), schema))
        }
        (Some(_), Some(_)) => Err(invalid("outputConfig and toolConfig can't be used together here")),
    }
}

/// The subset of JSON Schema that structured outputs take: closed objects, and no limits to lengths and numbers.
fn check_schema(schema: &Value) -> Result<(), ServiceError> {
    const KNOWN: [&str; 8] =
        ["type", "properties", "required", "additionalProperties", "enum", "items", "description", "const"];
    let Some(fields) = schema.as_object() else { return Err(invalid("a schema is an object")) };
    for field in fields.keys() {
        must(KNOWN.contains(&field.as_str()), &format!("property '{field}' is not supported"))?;
    }
    if schema["type"] == "object" {
        must(schema["additionalProperties"] == false, "'additionalProperties' must be explicitly set to false")?;
        for property in schema["properties"].as_object().into_iter().flat_map(|properties| properties.values()) {
            check_schema(property)?;
        }
    }
    schema.get("items").map_or(Ok(()), check_schema)
}
