using System.Text.Json;

namespace Veltrix.Crowd;

/// <summary>How a connection ended.</summary>
/// <param name="Code">The close code; <see cref="Abrupt"/> where there was none.</param>
/// <param name="Name">The server's name for it, or what went wrong with the socket.</param>
/// <param name="AfterMs">How long to stay away at least, if the server said so.</param>
/// <param name="Go">The address of a server to come back to, if it said so, now or before it fell silent.</param>
readonly record struct Farewell(int Code, string Name, int? AfterMs = null, string? Go = null)
{
    /// <summary>RFC 6455's number for a connection that ended without a close frame.</summary>
    public const int Abrupt = 1006;

    /// <summary>4000–4499, a restarting or a full server, one that went away, or a torn connection: come back. All else is final.</summary>
    public bool MayReturn => Code is >= 4000 and < 4500 or 1012 or 1013 or 1001 or Abrupt;

    /// <param name="go">Another server that is known from before.</param>
    public static Farewell Lost(string why, string? go = null) => new(Abrupt, why, Go: go);

    /// <summary>Reads the payload of a close frame: two bytes of code, then <c>{"code":"SlowReader","after_ms":1834,"go":"http://…"}</c>.</summary>
    public static Farewell Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Length < 2)
            return new Farewell(1005, "NoCode");
        int code = payload[0] << 8 | payload[1];
        string name = code.ToString();
        int? after = null;
        string? go = null;
        try
        {
            var reader = new Utf8JsonReader(payload[2..]);
            if (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("code"u8) && reader.Read())
                        name = reader.GetString() ?? name;
                    else if (reader.ValueTextEquals("after_ms"u8) && reader.Read())
                        after = reader.GetInt32();
                    else if (reader.ValueTextEquals("go"u8) && reader.Read())
                        go = reader.GetString();
                    else
                        reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // A reason is a courtesy; the code alone decides.
        }

        return new Farewell(code, name, after, go);
    }
}
