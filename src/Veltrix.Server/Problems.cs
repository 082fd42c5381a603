using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Veltrix.Control;
using Veltrix.EventLog;
using Veltrix.Hunts;

namespace Veltrix.Server;

/// <summary>Refusals over HTTP: <c>application/problem+json</c> (RFC 9457) with a stable <c>code</c>.</summary>
public static partial class Problems
{
    public static ProblemHttpResult Of(int status, string code, string detail, params (string Name, object? Value)[] more)
    {
        var extensions = new Dictionary<string, object?> { ["code"] = code };
        foreach (var (name, value) in more) extensions[name] = value;
        return TypedResults.Problem(detail, statusCode: status, title: Words(code), type: $"https://veltrix.dev/problems/{Words(code).Replace(' ', '-')}", extensions: extensions);
    }

    public static ProblemHttpResult NoHunt(string hunt) => Of(StatusCodes.Status404NotFound, "HuntUnknown", $"there is no hunt '{hunt}' here; GET /v1/hunts lists them");

    public static ProblemHttpResult NotAllowed(string needed) =>
        Of(StatusCodes.Status401Unauthorized, "TokenInvalid", $"this needs a token of scope {needed} for this hunt in the header Authorization: Bearer …");

    public static ProblemHttpResult Unavailable(EventLogException e) => Of(StatusCodes.Status503ServiceUnavailable, "Unavailable", e.Message, ("uncertain", e.Uncertain));

    public static ProblemHttpResult Of(ControlException e) => Of(
        e.Fault switch { ControlFault.KeyUnknown => StatusCodes.Status404NotFound, ControlFault.KeyInUse or ControlFault.KeysFull => StatusCodes.Status409Conflict, _ => StatusCodes.Status503ServiceUnavailable },
        e.Fault.ToString(), e.Message, ("remedy", e.Remedy));

    public static ProblemHttpResult Refused(Refusal reason) => Of(StatusCodes.Status409Conflict, reason.ToString(), Explain(reason), Remedy(reason));

    static (string Name, object? Value)[] Remedy(Refusal reason) => reason is Refusal.AlreadyPublished ? [("remedy", "'veltrix hunt open' opens the one that is there; a new one needs another id.")] : [];

    /// <summary>What the framework refuses by itself (a body that is no JSON, a path that is not there, a fault of ours) is said in the same form as all else. A log that is away is no fault of ours, whoever reads it.</summary>
    public static void UseProblems(this WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = context => (LogThatIsAway(context.Features.Get<IExceptionHandlerFeature>()?.Error) is { } away ? Unavailable(away) : ByStatus(context)).ExecuteAsync(context),
            SuppressDiagnosticsCallback = thrown => LogThatIsAway(thrown.Exception) is not null,
        });
        app.UseStatusCodePages(pages => ByStatus(pages.HttpContext).ExecuteAsync(pages.HttpContext));
    }

    static EventLogException? LogThatIsAway(Exception? error) => error is EventLogException { Fault: EventLogFault.Unavailable } away ? away : null;

    static ProblemHttpResult ByStatus(HttpContext context)
    {
        var phrase = ReasonPhrases.GetReasonPhrase(context.Response.StatusCode);
        return Of(context.Response.StatusCode, phrase.Replace(" ", ""), $"{context.Request.Method} {context.Request.Path}: {phrase}; /openapi/v1.json says what there is and what it takes");
    }

    static string Explain(Refusal reason) => reason switch
    {
        Refusal.TeamNeeded => "this hunt is played in teams: found one with team.found, or enter one with its code in team.invite",
        Refusal.SoloOnly => "everybody hunts alone here: join without team",
        Refusal.UnknownInvite => "no team has this invite code",
        Refusal.TeamFull => "this team has as many hunters as the hunt allows",
        Refusal.AlreadyPublished => "a hunt of this id is published already",
        Refusal.Closed => "the hunt is closed",
        Refusal.AlreadyOpen => "the hunt is open already",
        Refusal.NotOpen => "the hunt is not open",
        Refusal.NotPaused => "the hunt is not paused",
        Refusal.Paused => "the hunt is paused already",
        Refusal.InThePast => "the time given is not in the future",
        Refusal.NotOverridden => "nobody has set this key for this hunt",
        Refusal.OutOfRange => "at most 1,000,000,000 points up or down at once",
        Refusal.UnknownTeam => "no team has this number",
        Refusal.UnknownHunter => "no hunter has this id",
        Refusal.Banned => "this hunter is banned already",
        _ => $"the hunt refused it: {reason}",
    };

    static string Words(string code) => Capitals().Replace(code, " $1").TrimStart().ToLowerInvariant();

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Capitals();
}
