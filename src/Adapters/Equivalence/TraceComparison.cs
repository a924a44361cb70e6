namespace Compat.Adapters.Equivalence;

/// <summary>Compares two trainings, a control and a candidate, iteration by iteration and stage by stage.</summary>
/// <remarks>
/// The verdict is a conjunction: what the rules allow takes out its own value and nothing else. A stage that only one of the two has is a difference; one
/// that neither has is nothing to compare.
/// </remarks>
public sealed class TraceComparison
{
    private TraceComparison(TrainingTrace control, TrainingTrace candidate, ComparisonRules rules)
    {
        Control = control;
        Candidate = candidate;
        Rules = rules;
        (IterationTrace First, IterationTrace Second)[] pairs = [.. control.Iterations.Zip(candidate.Iterations)];
        IEnumerable<Observation> observations = pairs.Select(pair => pair.First).Concat(pairs.Select(pair => pair.Second))
            .SelectMany(iteration => iteration.Stages.Select(stage => stage.Observation)).Distinct().Where(rules.Covers);
        Verdicts = [.. observations.Select(observation => Judge(observation, pairs))];
    }

    /// <summary>Gets the training that is taken as right.</summary>
    public TrainingTrace Control { get; }

    /// <summary>Gets the training that is checked.</summary>
    public TrainingTrace Candidate { get; }

    /// <summary>Gets how far they may differ.</summary>
    public ComparisonRules Rules { get; }

    /// <summary>Gets the verdict on each observation of either training, in the order of the control's stages.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; }

    /// <summary>Gets whether the trainings have equally many iterations, something was compared, and every observation agrees.</summary>
    public bool Agrees => Control.Iterations.Count == Candidate.Iterations.Count
        && Verdicts.Any(verdict => verdict.Iterations > 0)
        && Verdicts.All(verdict => verdict.Agrees);

    /// <summary>Gets the first difference, by iteration, then in the order of the verdicts.</summary>
    /// <value><see langword="null"/> if there is none in the iterations that both have.</value>
    public TraceDifference? FirstDifference => Verdicts
        .Select(verdict => verdict.FirstDifference)
        .OfType<TraceDifference>()
        .OrderBy(difference => difference.Iteration)
        .FirstOrDefault();

    /// <summary>Compares two trainings.</summary>
    /// <param name="control">The training that is taken as right.</param>
    /// <param name="candidate">The training that is checked.</param>
    /// <param name="rules">How far they may differ.</param>
    /// <returns>The comparison.</returns>
    public static TraceComparison Of(TrainingTrace control, TrainingTrace candidate, ComparisonRules rules)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(rules);
        return new(control, candidate, rules);
    }

    /// <summary>Gets the verdict on one observation.</summary>
    /// <param name="observation">What was compared.</param>
    /// <returns>The verdict; <see langword="null"/> if neither training has it.</returns>
    public Verdict? VerdictOn(Observation observation) => Verdicts.FirstOrDefault(verdict => verdict.Observation == observation);

    private Verdict Judge(Observation observation, (IterationTrace First, IterationTrace Second)[] pairs)
    {
        int compared = 0;
        int allowed = 0;
        TraceDifference? found = null;
        foreach ((IterationTrace first, IterationTrace second) in pairs)
        {
            (TraceStage? control, TraceStage? candidate) = (first.Find(observation), second.Find(observation));
            compared += control is { Values.Count: > 0 } && candidate is { Values.Count: > 0 } ? 1 : 0;
            allowed += Allowed(control, candidate);
            if (found is null && Difference(control, candidate) is { } text)
            {
                found = new(first.Number, observation, text);
            }
        }

        return new(observation, compared, found, allowed);
    }

    private string? Difference(TraceStage? control, TraceStage? candidate) => (control, candidate) switch
    {
        (null, null) => null,
        (null, _) => $"absent in {Control.Name}, present in {Candidate.Name}",
        (_, null) => $"present in {Control.Name}, absent in {Candidate.Name}",
        _ => Names(control, candidate) ?? control.Values.Zip(candidate.Values, (a, b) => Difference(control.Observation, a, b)).FirstOrDefault(text => text is not null),
    };

    private string? Difference(Observation observation, KeyValuePair<string, TraceValue> control, KeyValuePair<string, TraceValue> candidate) =>
        control.Value.DifferenceTo(candidate.Value) is { } difference && !Rules.Allow(observation, control.Value, candidate.Value)
            ? $"{control.Key}: {difference}"
            : null;

    private int Allowed(TraceStage? control, TraceStage? candidate) => control is null || candidate is null || Rules.UlpsOf(control.Observation) == 0
        ? 0
        : control.Values.Zip(candidate.Values).Count(pair =>
            pair.First.Value.DifferenceTo(pair.Second.Value) is not null && Rules.Allow(control.Observation, pair.First.Value, pair.Second.Value));

    private static string? Names(TraceStage control, TraceStage candidate)
    {
        string?[] names = [.. control.Values.Select(entry => entry.Key)];
        string?[] others = [.. candidate.Values.Select(entry => entry.Key)];
        int place = names.AsSpan().CommonPrefixLength(others);
        if (place == names.Length && place == others.Length)
        {
            return null;
        }

        string what = names.Order(StringComparer.Ordinal).SequenceEqual(others.Order(StringComparer.Ordinal)) ? "the same names in another order" : "names";
        return $"{what}: {names.ElementAtOrDefault(place) ?? "nothing more"} against {others.ElementAtOrDefault(place) ?? "nothing more"}";
    }
}
