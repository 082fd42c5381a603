using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Veltrix.Hunts;

namespace Veltrix.Server.Leaderboards;

/// <summary>The board for those who read instead of listen: pages, the neighbourhood of a team, exports.</summary>
public static class BoardEndpoints
{
    const int LimitMax = 1000;
    const int AroundMax = 50;

    public static void MapBoard(this IEndpointRouteBuilder routes, HuntDirectory hunts)
    {
        routes.MapGet("/v1/hunts/{hunt}/board", IResult (string hunt, int offset = 0, int limit = 100) =>
        {
            if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
            if (offset < 0 || limit is < 1 or > LimitMax)
                return Problems.Of(StatusCodes.Status400BadRequest, "OutOfRange", $"offset is 0 or more, limit 1 to {LimitMax}; here {offset} and {limit}", ("limit", LimitMax));
            return TypedResults.Ok(live.View.Read((state, board, position) => Page(state, board, position, offset, limit)));
        }).Produces<BoardPage>().ProducesProblem(400).ProducesProblem(404).WithSummary("A page of the board");

        routes.MapGet("/v1/hunts/{hunt}/board/around/{team:int}", IResult (string hunt, int team, int k = 5) =>
        {
            if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
            if (k is < 0 or > AroundMax)
                return Problems.Of(StatusCodes.Status400BadRequest, "OutOfRange", $"k is 0 to {AroundMax}; here {k}", ("limit", AroundMax));
            var page = live.View.Read((state, board, position) =>
                board.Contains(team) ? Page(state, board, position, Math.Max(0, board.IndexOf(team) - k), board.IndexOf(team) - Math.Max(0, board.IndexOf(team) - k) + k + 1) : null);
            return page is null ? Problems.Of(StatusCodes.Status404NotFound, "UnknownTeam", $"no team {team} on the board") : TypedResults.Ok(page);
        }).Produces<BoardPage>().ProducesProblem(400).ProducesProblem(404).WithSummary("The board around a team");

        routes.MapGet("/v1/hunts/{hunt}/exports/board.csv", IResult (string hunt) =>
            hunts.Find(hunt) is { } live
                ? TypedResults.Text(Csv(live.View.Read((state, board, position) => Page(state, board, position, 0, board.Count))), "text/csv", Encoding.UTF8)
                : Problems.NoHunt(hunt)).WithSummary("The whole board as CSV");

        routes.MapGet("/v1/hunts/{hunt}/exports/ctftime.json", IResult (string hunt, HttpContext context) =>
        {
            if (hunts.Find(hunt) is not { } live) return Problems.NoHunt(hunt);
            context.Response.Headers.CacheControl = "max-age=30";
            // CTFtime asks for ASCII; what is outside of it is escaped here and nowhere else.
            return TypedResults.Text(JsonSerializer.Serialize(live.View.Read(CtfTime), ApiJson.Default.CtfTimeFeed), "application/json");
        }).Produces<CtfTimeFeed>().ProducesProblem(404).WithSummary("The board as CTFtime's scoreboard feed");
    }

    static BoardPage Page(HuntState state, Board board, long position, int offset, int limit)
    {
        var rows = new BoardRow[Math.Clamp(board.Count - offset, 0, limit)];
        var count = board.Page(offset, rows);
        return new BoardPage(new AsOf(position, state.TimeMs), board.Count, Array.ConvertAll(rows[..count], row => Line(state.Teams[row.Team], row.Rank)));
    }

    static BoardLine Line(Team team, int rank) => new(rank, team.Number, team.Name, team.Score, team.SolvedCount, team.LastSolveMs);

    static string Csv(BoardPage page)
    {
        var csv = new StringBuilder("rank,team,name,score,solved,last_solve\r\n");
        foreach (var row in page.Rows) csv.Append($"{row.Rank},{row.Team},{Field(row.Name)},{row.Score},{row.Solved},{row.Time}\r\n");
        return csv.ToString();
    }

    // A cell that begins like a formula would be run by a spreadsheet: an apostrophe keeps it text.
    static string Field(string text)
    {
        if ("=+-@\t\r".Contains(text[0])) text = "'" + text;
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
    }

    static CtfTimeFeed CtfTime(HuntState state, Board board)
    {
        var challenges = state.Model?.Challenges ?? [];
        var rows = new BoardRow[board.Count];
        board.Page(0, rows);
        return new CtfTimeFeed([.. challenges.Select(c => c.Name)], Array.ConvertAll(rows, row =>
        {
            var team = state.Teams[row.Team];
            var solved = challenges.Where((_, index) => team.HasSolved(index)).ToDictionary(c => c.Name, c => new CtfTimeTask(c.Points, null));
            return new CtfTimeLine(row.Rank, team.Name, team.Score, solved, team.LastSolveMs > 0 ? team.LastSolveMs / 1000 : null);
        }));
    }
}
