namespace Compat.Adapters.Equivalence;

/// <summary>What one observation gave in one iteration: values by name, in order.</summary>
/// <param name="Observation">What was looked at.</param>
/// <param name="Values">The values. Names are unique.</param>
public sealed record TraceStage(Observation Observation, IReadOnlyList<KeyValuePair<string, TraceValue>> Values)
{
    /// <summary>Gets all values as numbers.</summary>
    /// <exception cref="InvalidOperationException">A value is no number.</exception>
    public IReadOnlyList<KeyValuePair<string, double>> Numbers => [.. All<TraceNumber>("number").Select(entry => KeyValuePair.Create(entry.Key, entry.Value.Value))];

    /// <summary>Gets all values as tensors.</summary>
    /// <exception cref="InvalidOperationException">A value is no tensor.</exception>
    public IReadOnlyList<KeyValuePair<string, TensorSnapshot>> Tensors => [.. All<TensorSnapshot>("tensor")];

    /// <summary>Gets a value by name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is no value of that name.</exception>
    public TraceValue this[string name] => Values.FirstOrDefault(entry => entry.Key == name).Value
        ?? throw new KeyNotFoundException(
            $"The stage '{Observation}' has no value '{name}'. Values present: {string.Join(", ", Values.Select(entry => entry.Key))}.");

    /// <summary>Makes a stage of numbers.</summary>
    /// <param name="observation">What was looked at.</param>
    /// <param name="values">The numbers by name.</param>
    /// <returns>The stage.</returns>
    public static TraceStage Of(Observation observation, IEnumerable<KeyValuePair<string, double>> values) =>
        new(observation, [.. values.Select(entry => KeyValuePair.Create(entry.Key, (TraceValue)entry.Value))]);

    /// <summary>Makes a stage of tensors.</summary>
    /// <param name="observation">What was looked at.</param>
    /// <param name="values">The snapshots by name.</param>
    /// <returns>The stage.</returns>
    public static TraceStage Of(Observation observation, IEnumerable<KeyValuePair<string, TensorSnapshot>> values) =>
        new(observation, [.. values.Select(entry => KeyValuePair.Create(entry.Key, (TraceValue)entry.Value))]);

    private IEnumerable<KeyValuePair<string, T>> All<T>(string wanted)
        where T : TraceValue => Values.Select(entry => KeyValuePair.Create(entry.Key, entry.Value as T ?? throw new InvalidOperationException(
            $"The value '{entry.Key}' of stage '{Observation}' is {entry.Value}, not a {wanted}. Read it from Values.")));
}
