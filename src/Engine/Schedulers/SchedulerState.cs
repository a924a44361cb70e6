using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Reads the state of a schedule.</summary>
internal readonly struct SchedulerState(PthDict state)
{
    public string Text(string name) => Get(name) is PthText text ? text.Value : throw Wrong(name);

    public bool Flag(string name) => Get(name) is PthBool flag ? flag.Value : throw Wrong(name);

    public int Int(string name, int min = int.MinValue)
    {
        int number = AsInt(Get(name)) ?? throw Wrong(name);
        return number >= min ? number : throw OutOfRange(name, number, FormattableString.Invariant($"a whole number, at least {min}"));
    }

    public double Number(string name) => Finite(name, Get(name));

    public double[] Numbers(string name)
    {
        PthValue[] items = Get(name) is PthSequence list ? [.. list.Items] : throw Wrong(name);
        return Array.ConvertAll(items, item => Finite(name, item));
    }

    /// <summary>Reads a <c>Counter</c>, or a plain dictionary, of whole numbers.</summary>
    public Dictionary<int, int> Counts(string name)
    {
        KeyValuePair<PthValue, PthValue>[] entries = Get(name) is PthDict counts ? [.. counts] : throw Wrong(name);
        Dictionary<int, int> read = [];
        foreach ((PthValue key, PthValue value) in entries)
        {
            int times = AsInt(value) ?? throw Wrong(name);
            read[AsInt(key) ?? throw Wrong(name)] = times >= 1 ? times : throw OutOfRange(name, times, "counts of at least 1");
        }

        return read;
    }

    private static double Finite(string name, PthValue value)
    {
        double number = value.AsNumber() ?? throw Wrong(name);
        return double.IsFinite(number) ? number : throw OutOfRange(name, number, "finite");
    }

    private static int? AsInt(PthValue value) => value is PthInteger number && number.Value >= int.MinValue && number.Value <= int.MaxValue ? (int)number.Value : null;

    private static PthException Wrong(string name) => new(
        $"The value is no state of this kind of schedule: '{name}' is missing or of another kind. Give what the checkpoint has for it under 'param_schedulers'.");

    private static PthException OutOfRange(string name, double number, string range) => new(FormattableString.Invariant(
        $"The state of the schedule has {number} under '{name}'; it must be {range}. The file is damaged; take an older one."));

    private PthValue Get(string name) => state.TryGetValue(name, out PthValue? value) ? value : throw Wrong(name);
}
