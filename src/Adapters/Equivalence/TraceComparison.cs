using System.Globalization;

namespace Compat.Adapters.Equivalence;

/// <summary>Compares two trainings, a control and a candidate, iteration by iteration.</summary>
/// <remarks>The verdict is a conjunction: what the rules allow takes out its own value and nothing else.</remarks>
public sealed class TraceComparison
{
    private TraceComparison(TrainingTrace control, TrainingTrace candidate, IReadOnlyList<Verdict> verdicts)
    {
        Control = control;
        Candidate = candidate;
        Verdicts = verdicts;
    }

    /// <summary>Gets the training that is taken as right.</summary>
    public TrainingTrace Control { get; }

    /// <summary>Gets the training that is checked.</summary>
    public TrainingTrace Candidate { get; }

    /// <summary>Gets the verdict on each observation.</summary>
    public IReadOnlyList<Verdict> Verdicts { get; }

    /// <summary>Gets whether the trainings have equally many iterations, at least one, and agree in every observation.</summary>
    public bool Agrees => Control.Iterations.Count > 0 && Control.Iterations.Count == Candidate.Iterations.Count && Verdicts.All(verdict => verdict.Agrees);

    /// <summary>Gets the first difference, by iteration, then in the order of the observations.</summary>
    /// <value><see langword="null"/> if there is none in the iterations that both have.</value>
    public TraceDifference? FirstDifference => Verdicts
        .Select(verdict => verdict.FirstDifference)
        .OfType<TraceDifference>()
        .OrderBy(difference => (difference.Iteration, difference.Observation))
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
        (IterationTrace First, IterationTrace Second)[] pairs = [.. control.Iterations.Zip(candidate.Iterations)];
        return new(control, candidate, [.. Enum.GetValues<Observation>().Select(observation => Judge(observation, pairs, rules))]);
    }

    private static Verdict Judge(Observation observation, (IterationTrace First, IterationTrace Second)[] pairs, ComparisonRules rules)
    {
        foreach ((IterationTrace first, IterationTrace second) in pairs)
        {
            if (Difference(observation, first, second, rules) is { } text)
            {
                return new(observation, pairs.Length, new(first.Iteration, observation, text));
            }
        }

        return new(observation, pairs.Length, null);
    }

    private static string? Difference(Observation observation, IterationTrace control, IterationTrace candidate, ComparisonRules rules) => observation switch
    {
        Observation.BatchIndices => Lists(control.BatchIndices, candidate.BatchIndices),
        Observation.LearningRate => Numbers("lr", control.LearningRate, candidate.LearningRate, rules.LearningRateUlps),
        Observation.Loss => Numbers("loss", control.Loss, candidate.Loss, 0),
        Observation.LogValues => Named(control.LogValues, candidate.LogValues, (name, a, b) => Numbers(name, a, b, 0)),
        Observation.Weights => Named(control.Weights, candidate.Weights, Tensors),
        Observation.Buffers => Named(control.Buffers, candidate.Buffers, Tensors),
        _ => throw new ArgumentOutOfRangeException(nameof(observation), observation, null),
    };

    private static string? Lists(IReadOnlyList<int> control, IReadOnlyList<int> candidate) => control.SequenceEqual(candidate)
        ? null
        : $"batch: [{string.Join(", ", control)}] against [{string.Join(", ", candidate)}]";

    private static string? Tensors(string name, TensorSnapshot control, TensorSnapshot candidate) =>
        control.DifferenceTo(candidate) is { } difference ? $"{name}: {difference}" : null;

    private static string? Numbers(string name, double control, double candidate, int ulps) => IsWithin(control, candidate, ulps)
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{name}: {control:R} against {candidate:R}");

    // Bits of two doubles of one sign count their units in the last place.
    private static bool IsWithin(double control, double candidate, int ulps)
    {
        long a = BitConverter.DoubleToInt64Bits(control);
        long b = BitConverter.DoubleToInt64Bits(candidate);
        return a == b || (a < 0 == b < 0 && double.IsFinite(control) && double.IsFinite(candidate) && Math.Abs(a - b) <= ulps);
    }

    private static string? Named<T>(
        IReadOnlyList<KeyValuePair<string, T>> control, IReadOnlyList<KeyValuePair<string, T>> candidate, Func<string, T, T, string?> difference)
    {
        string[] names = [.. control.Select(entry => entry.Key)];
        string[] others = [.. candidate.Select(entry => entry.Key)];
        return names.SequenceEqual(others)
            ? control.Zip(candidate, (a, b) => difference(a.Key, a.Value, b.Value)).FirstOrDefault(text => text is not null)
            : $"names: {string.Join(", ", names)} against {string.Join(", ", others)}";
    }
}
