using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Veltrix.Hunts;
using Veltrix.Server.Admission;
using Veltrix.Server.Organising;
using Veltrix.Server.Submissions;

namespace Veltrix.Server;

// What goes over HTTP, as docs/reference/http.md has it.

public sealed record AsOf(long Position, long Time);

public sealed record HuntLine(string Id, string Title, string Phase, long? Opens, long? Closes, long? ClosesForAll, int Teams);

public sealed record HuntList(IReadOnlyList<HuntLine> Hunts);

public sealed record HuntCard(
    string Id, string Title, string Description, string Phase, long? Opens, long? Closes, long? ClosesForAll, int Teams, int TeamSize, string Ranking, int Challenges,
    AsOf AsOf);

/// <param name="Ticket">Of an earlier answer: the same hunter, at the same place.</param>
/// <param name="Pass">A priority pass.</param>
/// <param name="Proof">A proof of work, where one was asked for.</param>
public sealed record JoinRequest(string? Nickname, TeamWish? Team, string? Ticket, string? Pass, Proof? Proof);

public sealed record PassesRequest(int? Count, string? Why);

public sealed record Passes(IReadOnlyList<string> Tokens);

public sealed record TeamCard(int Number, string Name, string? Invite);

public sealed record Joined(string Hunter, string Token, string Nickname, TeamCard Team);

/// <param name="CreditMs">How much later than the others' its team's time ends; null: no later.</param>
public sealed record Me(string Hunter, string Name, TeamCard Team, long Score, int? Rank, long? CreditMs, AsOf AsOf);

public sealed record ChallengeCard(string Id, string Name, string Category, string Text, int Points, string State, int? AttemptsLeft);

public sealed record ChallengeList(IReadOnlyList<ChallengeCard> Challenges, int Locked);

public sealed record BoardLine(int Rank, int Team, string Name, long Score, int Solved, long Time);

public sealed record BoardPage(AsOf AsOf, int Teams, IReadOnlyList<BoardLine> Rows);

public sealed record CtfTimeFeed(IReadOnlyList<string> Tasks, IReadOnlyList<CtfTimeLine> Standings);

/// <summary>A line of CTFtime's scoreboard feed, whose names are its own.</summary>
public sealed record CtfTimeLine(
    int Pos, string Team, long Score, [property: JsonPropertyName("taskStats")] IReadOnlyDictionary<string, CtfTimeTask> TaskStats,
    [property: JsonPropertyName("lastAccept")] long? LastAccept);

public sealed record CtfTimeTask(int Points, long? Time);

public sealed record ActionRequest(string? Why, long? Closes, int? Team, long? Points, string? Hunter, string? Text);

public sealed record ActionTaken(long Position, IReadOnlyList<JsonObject> Facts);

public sealed record Published(string Id, long Position);

public sealed record VerifyReport(bool Equal, long Position, long Records, IReadOnlyList<string> Differences);

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HuntList))]
[JsonSerializable(typeof(HuntCard))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(Joined))]
[JsonSerializable(typeof(WaitingCard))]
[JsonSerializable(typeof(PassesRequest))]
[JsonSerializable(typeof(Passes))]
[JsonSerializable(typeof(Me))]
[JsonSerializable(typeof(ChallengeList))]
[JsonSerializable(typeof(BoardPage))]
[JsonSerializable(typeof(CtfTimeFeed))]
[JsonSerializable(typeof(ActionRequest))]
[JsonSerializable(typeof(ActionTaken))]
[JsonSerializable(typeof(Published))]
[JsonSerializable(typeof(VerifyReport))]
[JsonSerializable(typeof(Microsoft.AspNetCore.Mvc.ProblemDetails))]
[JsonSerializable(typeof(IReadOnlyList<FaultLine>))]
[JsonSerializable(typeof(SettingRequest))]
[JsonSerializable(typeof(SettingTaken))]
[JsonSerializable(typeof(SettingList))]
[JsonSerializable(typeof(SettingsStatus))]
[JsonSerializable(typeof(KeyRequest))]
[JsonSerializable(typeof(WhyRequest))]
[JsonSerializable(typeof(KeyIssued))]
[JsonSerializable(typeof(KeyCard))]
[JsonSerializable(typeof(SigningKeyCard))]
[JsonSerializable(typeof(KeyList))]
internal sealed partial class ApiJson : JsonSerializerContext;

public sealed record FaultLine(int Line, int Column, string Message, string Remedy)
{
    public static FaultLine Of(Fault fault) => new(fault.Line, fault.Column, fault.Message, fault.Remedy);
}
