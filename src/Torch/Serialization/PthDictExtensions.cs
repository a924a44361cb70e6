namespace Compat.Torch.Serialization;

/// <summary>Reads a state: entries that must be there, with an error that names the entry, its value and what it must be; and numbers of any kind.</summary>
public static class PthDictExtensions
{
    /// <summary>Reads a whole number.</summary>
    /// <param name="state">The state.</param>
    /// <param name="key">The entry.</param>
    /// <param name="min">The smallest number that makes sense. The default is 0.</param>
    /// <param name="max">The largest one.</param>
    /// <returns>The number.</returns>
    /// <exception cref="PthException">The entry is missing, no whole number, or out of range.</exception>
    public static int RequireInt32(this PthDict state, string key, int min = 0, int max = int.MaxValue) =>
        state.Require<PthInteger>(key, "a whole number").Value is var number && number >= min && number <= max
            ? (int)number
            : throw new PthException($"The state has {number} under '{key}'; it must be from {min} to {max}. The file is damaged; take an older one.");

    /// <summary>Reads an entry of one kind.</summary>
    /// <typeparam name="T">The kind.</typeparam>
    /// <param name="state">The state.</param>
    /// <param name="key">The entry.</param>
    /// <param name="kind">The kind in words, for the message.</param>
    /// <returns>The entry.</returns>
    /// <exception cref="PthException">The entry is missing, or of another kind.</exception>
    public static T Require<T>(this PthDict state, string key, string kind)
        where T : PthValue
    {
        ArgumentNullException.ThrowIfNull(state);
        return !state.TryGetValue(key, out PthValue? value) ? throw new PthException($"The state lacks '{key}', which must be {kind}. Give what SaveState returned.")
            : value as T ?? throw new PthException($"The state's '{key}' is a {value.GetType().Name}; it must be {kind}. Give what SaveState returned.");
    }

    /// <summary>Reads a number, whatever its kind: Python's, or a scalar of numpy, as a rate is that was computed with it.</summary>
    /// <param name="value">The value.</param>
    /// <returns>The number; <see langword="null"/> if it is none. A truth value is none.</returns>
    public static double? AsNumber(this PthValue value) => value switch
    {
        PthFloat number => number.Value,
        PthInteger number => (double)number.Value,
        PthArray { IsNumeric: true, Shape.Count: 0 } scalar => scalar.ToDoubles()[0],
        _ => null,
    };
}
