namespace Compat.Torch.Serialization;

/// <summary>The values that a pickle remembers by number, to use them again. Python counts from 0, so most numbers are places in a list.</summary>
internal sealed class PickleMemo(ReadBudget budget)
{
    private const int BytesOfPlace = 16;
    private const int BytesOfOther = 96;

    private readonly List<PthValue> places = [];
    private readonly Dictionary<long, PthValue> others = [];

    /// <summary>Gets how many values are remembered.</summary>
    public int Count => places.Count + others.Count;

    /// <summary>Remembers a value.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void Set(long key, PthValue value)
    {
        if (key < places.Count)
        {
            places[(int)key] = value;
        }
        else if (key == places.Count && others.Count == 0)
        {
            budget.TakeBytes(BytesOfPlace);
            places.Add(value);
        }
        else
        {
            budget.TakeBytes(BytesOfOther);
            others[key] = value;
        }
    }

    /// <summary>Gets a value back.</summary>
    /// <exception cref="PthException">There is none of this number.</exception>
    public PthValue Get(long key) => key < places.Count ? places[(int)key]
        : others.TryGetValue(key, out PthValue? value) ? value
        : throw PickleFault.Of($"a reference to value {key}, which there is not");
}
