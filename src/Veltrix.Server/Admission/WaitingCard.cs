using System.Text.Json;
using System.Text.Json.Serialization;

namespace Veltrix.Server.Admission;

/// <summary>From when to when somebody who waits will be let in, as the last minutes went.</summary>
public sealed record Eta(long FromS, long ToS);

/// <summary>Where somebody stands who wants in, over HTTP and in <c>waiting</c> frames: docs/reference/http.md says what each member means.</summary>
/// <param name="State"><c>waiting</c>, or <c>admitted</c>: there is a seat, join with the ticket.</param>
/// <param name="Place">From 1; null before lots are drawn, and while the store is away.</param>
public sealed record WaitingCard(
    string State,
    string? Ticket,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Place,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? Ahead,
    long Waiting,
    long Limit,
    long Seated,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Eta? Eta,
    int PollS,
    bool Socket,
    string Reason,
    LimitSource SetBy,
    string Clock,
    long? DrawnAt)
{
    internal void Write(Utf8JsonWriter json)
    {
        if (Place is { } place) json.WriteNumber("place"u8, place);
        else json.WriteNull("place"u8);
        if (Ahead is { } ahead) json.WriteNumber("ahead"u8, ahead);
        else json.WriteNull("ahead"u8);
        json.WriteNumber("waiting"u8, Waiting);
        json.WriteNumber("limit"u8, Limit);
        json.WriteNumber("seated"u8, Seated);
        if (Eta is { } eta)
        {
            json.WriteStartObject("eta"u8);
            json.WriteNumber("from_s"u8, eta.FromS);
            json.WriteNumber("to_s"u8, eta.ToS);
            json.WriteEndObject();
        }
        else json.WriteNull("eta"u8);

        json.WriteNumber("poll_s"u8, PollS);
        json.WriteString("reason"u8, Reason);
        SetBy.Write(json, "set_by"u8);
        json.WriteString("clock"u8, Clock);
        if (DrawnAt is { } drawn) json.WriteNumber("drawn_at"u8, drawn);
    }
}
