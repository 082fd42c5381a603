using System.CommandLine;

namespace Veltrix.Cli.Verbs;

/// <summary>For a container's health check: its image has no shell and no curl.</summary>
static class Health
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static Verb Make(Terminal terminal)
    {
        var url = new Argument<Uri>("url")
        {
            Description = "What to ask: /livez or /readyz of a server, a governor or an orchestrator.",
            HelpName = "URL",
            CustomParser = result =>
            {
                if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https") return uri;
                result.AddError($"{result.Tokens[0].Value}: an address begins with http:// or https://, as in http://127.0.0.1:8080/readyz.");
                return null;
            },
        };
        var verb = new Verb("health", "Ask a process whether it is well: exit code 0 if it says so within 3 s, else 1.", "veltrix health http://127.0.0.1:8080/readyz") { url };
        verb.SetAction(async (parsed, cancel) =>
        {
            using var client = new HttpClient { Timeout = Patience };
            try
            {
                using var response = await client.GetAsync(parsed.GetRequiredValue(url), cancel);
                terminal.Say((await response.Content.ReadAsStringAsync(cancel)).TrimEnd());
                return response.IsSuccessStatusCode ? ExitCode.Done : ExitCode.Failed;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                terminal.Say($"{parsed.GetValue(url)} does not answer: {error.Message}");
                return ExitCode.Failed;
            }
        });
        return verb;
    }
}
