using Compat.Adapters.Equivalence;

namespace Comparing.Report;

/// <summary>What a report shows beside the verdicts.</summary>
internal sealed record ReportPage
{
    /// <summary>Gets the title in the browser's tab.</summary>
    public required string Title { get; init; }

    /// <summary>Gets the heading.</summary>
    public required string Heading { get; init; }

    /// <summary>Gets what the trainings are, as HTML.</summary>
    public required string Lead { get; init; }

    /// <summary>Gets the curves: what each one shows, and how it is read from an iteration.</summary>
    public required IReadOnlyList<(string Title, Func<IterationTrace, double> Value)> Curves { get; init; }

    /// <summary>Gets whether the curves' values are drawn on a logarithmic axis.</summary>
    public bool Logarithmic { get; init; } = true;

    /// <summary>Gets what comes after the curves, as HTML.</summary>
    public string More { get; init; } = string.Empty;

    /// <summary>Gets the settings, in words.</summary>
    public required string Settings { get; init; }
}
