namespace Compat.Torch.Serialization;

/// <summary>What Python takes as a key of a dictionary or an item of a set.</summary>
internal static class PthKey
{
    // Parts may be shared, so few values can make a key that takes for ever to compare.
    private const int MaxParts = 1000;

    /// <summary>Counts what a key consists of.</summary>
    /// <returns>1, or more for a tuple.</returns>
    /// <exception cref="PthException">Python has no such keys, or the key is too large.</exception>
    public static int CountParts(PthValue key)
    {
        int parts = 0;
        Visit(key, ref parts);
        return parts;
    }

    /// <summary>Writes a key for a message.</summary>
    public static string Describe(PthValue key) => key switch
    {
        PthText text => $"'{text.Value}'",
        PthInteger number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture),
        PthFloat number => number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture) + (Math.Floor(number.Value) == number.Value ? ".0" : ""),
        PthBool flag => flag.Value ? "True" : "False",
        PthSequence { Kind: PthSequenceKind.Tuple } => "a tuple",
        _ => key.GetType().Name,
    };

    private static void Visit(PthValue key, ref int parts)
    {
        if (++parts > MaxParts)
        {
            throw new PthException($"A key of a dictionary or set has more than {MaxParts} parts. Use a text or a number.");
        }

        switch (key)
        {
            case PthDict:
                throw Unhashable("a dictionary");
            case PthSequence { Kind: PthSequenceKind.List }:
                throw Unhashable("a list");
            case PthSequence { Kind: PthSequenceKind.Tuple } tuple:
                foreach (PthValue item in tuple.Items)
                {
                    Visit(item, ref parts);
                }

                break;
        }
    }

    private static PthException Unhashable(string what) => new($"A dictionary or set has {what} as a key, which Python cannot hold. Use a text, a number or a tuple of these.");
}
