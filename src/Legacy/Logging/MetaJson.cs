using Compat.Torch.Logging;
using Compat.Torch.Serialization;

namespace Compat.Legacy;

/// <summary>A runner's meta as it stands in the JSON log: floats rounded, without what JSON cannot hold.</summary>
internal sealed class MetaJson
{
    private readonly List<string> leftOut = [];

    public MetaJson(RunnerMeta meta) => Value = Entries(meta.ToPth(), path: string.Empty, Rounded);

    /// <summary>Gets what JSON can hold.</summary>
    public PthDict Value { get; }

    /// <summary>Gets what it cannot hold, where and of which kind.</summary>
    public IReadOnlyList<string> LeftOut => leftOut;

    // As TextLoggerHook._round_float: lists are entered; tuples, dictionaries and arrays are not. A float64 of numpy is a float in Python, and rounds its own way.
    private static PthValue Rounded(PthValue value) => value switch
    {
        PthArray { Type: "f8", Shape.Count: 0 } scalar => NumpyNumbers.Round(scalar.ToDoubles()[0], 5),
        PthFloat number => new PthFloat(PythonText.Round(number.Value, 5)),
        PthSequence { Kind: PthSequenceKind.List } list => PthSequence.List(list.Items.Select(Rounded)),
        _ => value,
    };

    private static string KindOf(PthValue value) => value switch
    {
        PthBytes => "bytes",
        PthTensor => "tensor",
        PthArray => "numpy array",
        PthSequence { Kind: PthSequenceKind.Tuple } => "tuple",
        PthObject named => named.Name,
        _ => value.GetType().Name,
    };

    private PthDict Entries(PthDict dict, string path, Func<PthValue, PthValue> convert)
    {
        PthDict kept = new(dict.Kind);
        foreach ((PthValue key, PthValue value) in dict)
        {
            if (!PythonJson.HoldsKey(key))
            {
                leftOut.Add($"{(path.Length == 0 ? "meta" : path)} (a key: {KindOf(key)})");
            }
            else if (Kept(convert(value), $"{path}{(path.Length == 0 ? string.Empty : ".")}{(key is PthText text ? text.Value : PythonJson.Write(key))}") is { } holdable)
            {
                kept.Set(key, holdable);
            }
        }

        return kept;
    }

    private PthValue? Kept(PthValue value, string path)
    {
        switch (value)
        {
            case PthDict dict:
                return Entries(dict, path, entry => entry);
            case PthSequence sequence:
                return new PthSequence(sequence.Kind, sequence.Items.Select((item, index) => Kept(item, $"{path}[{index}]")).OfType<PthValue>());
            case PthArray { IsNumeric: true } array:
                return array.ToLists();
            case PthValue plain when PythonJson.Holds(plain):
                return plain;
            default:
                leftOut.Add($"{path} ({KindOf(value)})");
                return null;
        }
    }
}
