using Compat.Torch.Serialization;

namespace Compat.Engine.Schedulers;

/// <summary>Reads the state of a schedule.</summary>
internal readonly struct SchedulerState(PthDict state)
{
    public string Text(string name) => Get(name) is PthText text ? text.Value : throw Wrong(name);

    public bool Flag(string name) => Get(name) is PthBool flag ? flag.Value : throw Wrong(name);

    public int Int(string name) => AsInt(Get(name)) ?? throw Wrong(name);

    public double Number(string name) => AsNumber(Get(name)) ?? throw Wrong(name);

    public double[] Numbers(string name)
    {
        PthValue[] items = Get(name) is PthSequence list ? [.. list.Items] : throw Wrong(name);
        return Array.ConvertAll(items, item => AsNumber(item) ?? throw Wrong(name));
    }

    /// <summary>Reads a <c>Counter</c>, or a plain dictionary, of whole numbers.</summary>
    public Dictionary<int, int> Counts(string name)
    {
        KeyValuePair<PthValue, PthValue>[] entries = Get(name) is PthDict counts ? [.. counts] : throw Wrong(name);
        return entries.ToDictionary(entry => AsInt(entry.Key) ?? throw Wrong(name), entry => AsInt(entry.Value) ?? throw Wrong(name));
    }

    private static int? AsInt(PthValue value) => value is PthInteger number && number.Value >= int.MinValue && number.Value <= int.MaxValue ? (int)number.Value : null;

    private static double? AsNumber(PthValue value) => value switch
    {
        PthFloat number => number.Value,
        PthInteger number => (double)number.Value,
        _ => null,
    };

    private static PthException Wrong(string name) => new(
        $"The value is no state of this kind of schedule: '{name}' is missing or of another kind. Give what the checkpoint has for it under 'param_schedulers'.");

    private PthValue Get(string name) => state.TryGetValue(name, out PthValue? value) ? value : throw Wrong(name);
}
