using System.Text.Json;
using System.Text.Json.Serialization;

namespace Veltrix.Crowd;

/// <summary>JSON as the public interfaces write it.</summary>
static class CrowdJson
{
    /// <summary><c>snake_case</c>; unknown members are ignored, so that the other side may be newer.</summary>
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectRequiredConstructorParameters = false,
        NumberHandling = JsonNumberHandling.Strict,
    };
}
