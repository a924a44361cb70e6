using System.Globalization;
using Compat.Adapters.Equivalence;
using Spectre.Console;

namespace Comparing;

/// <summary>What the user sees: live progress and a table on a terminal, plain lines elsewhere.</summary>
internal static class ComparisonConsole
{
    private static bool IsTerminal => AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected;

    public static T WithProgress<T>(Func<Action<string, int, int>, T> train) =>
        IsTerminal ? WithBars(train) : WithLines(train);

    public static void Print(TrainingComparison comparison, string report)
    {
        if (IsTerminal)
        {
            AnsiConsole.Write(Verdicts(comparison));
            AnsiConsole.Write(Trainings(comparison));
        }
        else
        {
            PrintLines(comparison);
        }

        Console.WriteLine($"Report: {report}");
        if (comparison.FirstDifference is { } difference)
        {
            Console.WriteLine($"First difference: {difference}");
        }

        Console.WriteLine(comparison.Holds
            ? "All three train the same."
            : "They do NOT train the same.");
    }

    private static T WithBars<T>(Func<Action<string, int, int>, T> train) => AnsiConsole.Progress()
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .Start(context =>
        {
            Dictionary<string, ProgressTask> bars = [];
            return train((name, done, total) =>
            {
                if (!bars.TryGetValue(name, out ProgressTask? bar))
                {
                    bar = context.AddTask(name, maxValue: total);
                    bars.Add(name, bar);
                }

                bar.Value = done;
            });
        });

    private static T WithLines<T>(Func<Action<string, int, int>, T> train) => train((name, done, total) =>
    {
        if (done % Math.Max(total / 4, 1) == 0 || done == total)
        {
            Console.WriteLine($"{name}: {done} of {total} iterations");
        }
    });

    private static Table Verdicts(TrainingComparison comparison)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("at every iteration");
        foreach (TraceComparison one in comparison.Comparisons)
        {
            table.AddColumn($"{one.Candidate.Name} against {one.Control.Name}");
        }

        foreach (Observation observation in comparison.Observations)
        {
            table.AddRow([observation.Words, .. comparison.Comparisons.Select(one => Coloured(one, observation))]);
        }

        return table;
    }

    private static Table Trainings(TrainingComparison comparison)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("training", comparison.Legacy.Score?.Name ?? "iterations", "seconds");
        foreach (TrainingResult result in comparison.Results)
        {
            table.AddRow(result.Name, Outcome(result), $"{result.Seconds:F2}");
        }

        return table;
    }

    private static void PrintLines(TrainingComparison comparison)
    {
        foreach (TraceComparison one in comparison.Comparisons)
        {
            foreach (Verdict verdict in one.Verdicts)
            {
                Console.WriteLine($"{one.Candidate.Name} against {one.Control.Name}, {verdict.Observation.Words}: {VerdictText.Of(one, verdict)}");
            }
        }

        foreach (TrainingResult result in comparison.Results)
        {
            Console.WriteLine($"{result.Name}: {result.Score?.Name ?? "iterations"} {Outcome(result)}, {result.Seconds:F2} seconds");
        }
    }

    private static string Outcome(TrainingResult result) => result.Score?.Text ?? result.Trace.Iterations.Count.ToString(CultureInfo.InvariantCulture);

    private static string Coloured(TraceComparison comparison, Observation observation) => comparison.VerdictOn(observation) is { } verdict
        ? $"[{(verdict.Agrees ? "green" : "red")}]{Markup.Escape(VerdictText.Of(comparison, verdict))}[/]"
        : string.Empty;
}
