namespace Compat.Torch.Serialization;

/// <summary>The values that a pickle has built and not yet put anywhere, and the marks between them.</summary>
internal sealed class PickleStack(ReadBudget budget)
{
    // No list, dictionary or tuple that torch.save leaves open has more than its own value, a key and two items on the stack.
    private const int MaxOpen = 4 * PthTree.MaxDepth;

    private readonly List<PthValue> values = [];
    private readonly List<int> marks = [];
    private PthValue[] popped = new PthValue[4];

    private int Bottom => marks.Count > 0 ? marks[^1] : 0;

    /// <summary>Puts a value on top.</summary>
    /// <exception cref="PthException">There are too many.</exception>
    public void Push(PthValue value)
    {
        if (values.Count == values.Capacity)
        {
            budget.TakeItems(values.Count + 4);
        }

        if (marks.Count == 0 && values.Count >= MaxOpen)
        {
            throw PthTree.TooDeep();
        }

        values.Add(value);
    }

    /// <summary>Remembers where the items of something begin.</summary>
    /// <exception cref="PthException">Too many wait for their end.</exception>
    public void Mark()
    {
        if (marks.Count >= PthTree.MaxDepth)
        {
            throw PthTree.TooDeep();
        }

        marks.Add(values.Count);
    }

    /// <summary>Gets the value on top.</summary>
    /// <exception cref="PthException">There is none above the last mark.</exception>
    public PthValue Peek() => values.Count > Bottom ? values[^1] : throw NoValue();

    /// <summary>Takes the value on top.</summary>
    /// <exception cref="PthException">There is none above the last mark.</exception>
    public PthValue Pop()
    {
        PthValue value = Peek();
        values.RemoveAt(values.Count - 1);
        return value;
    }

    /// <summary>Takes the value on top, which is of one kind.</summary>
    /// <exception cref="PthException">It is of another kind, or there is none.</exception>
    public T Pop<T>()
        where T : PthValue => Pop() as T ?? throw PickleFault.Of($"something else where a {typeof(T).Name} should be");

    /// <summary>Throws the value on top away, or the mark.</summary>
    /// <exception cref="PthException">There is neither.</exception>
    public void Drop()
    {
        if (marks.Count > 0 && values.Count == Bottom)
        {
            marks.RemoveAt(marks.Count - 1);
            return;
        }

        Pop();
    }

    /// <summary>Takes the topmost values, in the order in which they came.</summary>
    /// <returns>The values; they are gone with the next call.</returns>
    /// <exception cref="PthException">There are fewer above the last mark.</exception>
    public ReadOnlySpan<PthValue> Pop(int count)
    {
        if (values.Count - Bottom < count)
        {
            throw NoValue();
        }

        return Take(count);
    }

    /// <summary>Takes all values above the last mark, and the mark.</summary>
    /// <returns>The values; they are gone with the next call.</returns>
    /// <exception cref="PthException">There is no mark.</exception>
    public ReadOnlySpan<PthValue> PopToMark()
    {
        if (marks.Count == 0)
        {
            throw PickleFault.Of("an end without a beginning");
        }

        ReadOnlySpan<PthValue> taken = Take(values.Count - Bottom);
        marks.RemoveAt(marks.Count - 1);
        return taken;
    }

    private PthException NoValue() => PickleFault.Of(marks.Count > 0 ? "a mark where a value should be" : "an instruction without a value");

    private ReadOnlySpan<PthValue> Take(int count)
    {
        if (popped.Length < count)
        {
            popped = new PthValue[values.Capacity];
        }

        values.CopyTo(values.Count - count, popped, 0, count);
        values.RemoveRange(values.Count - count, count);
        return popped.AsSpan(0, count);
    }
}
