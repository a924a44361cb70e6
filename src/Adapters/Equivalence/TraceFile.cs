using Compat.Torch.Serialization;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Adapters.Equivalence;

/// <summary>Traces as values of a <c>.pth</c> file.</summary>
internal static class TraceFile
{
    private const int Version = 1;

    /// <summary>The types of tensors under the names that Python has for them.</summary>
    private static readonly (ScalarType Type, string Name)[] Types =
    [
        (ScalarType.Float32, "float32"), (ScalarType.Float64, "float64"), (ScalarType.Float16, "float16"), (ScalarType.BFloat16, "bfloat16"),
        (ScalarType.Int64, "int64"), (ScalarType.Int32, "int32"), (ScalarType.Int16, "int16"), (ScalarType.Int8, "int8"), (ScalarType.Byte, "uint8"),
        (ScalarType.Bool, "bool"), (ScalarType.ComplexFloat32, "complex64"), (ScalarType.ComplexFloat64, "complex128"),
    ];

    public static void Write(TrainingTrace trace, string path)
    {
        using DisposeScope scope = NewDisposeScope();
        PthFile.Write(path, new PthDict
        {
            ["version"] = Version,
            ["name"] = trace.Name,
            ["iterations"] = new PthSequence(PthSequenceKind.List, trace.Iterations.Select(ToPth)),
        });
    }

    public static TrainingTrace Read(PthValue root, string path)
    {
        try
        {
            PthDict trace = (PthDict)root;
            if (trace.TryGetValue("version", out PthValue? version) && ToInteger(version) > Version)
            {
                throw new PthException(
                    $"'{path}' is a trace of version {ToInteger(version)}; this library reads up to {Version}. Read it with the version of the library that wrote it.");
            }

            return new(((PthText)trace["name"]).Value, [.. ((PthSequence)trace["iterations"]).Items.Select(ToIteration)]);
        }
        catch (Exception exception) when (exception is InvalidCastException or KeyNotFoundException or OverflowException or FormatException)
        {
            throw new PthException(
                $"'{path}' is no trace of a training: {exception.Message} A trace is a dictionary of 'name' and 'iterations'; each iteration has 'iteration' and "
                + "'stages'. Write it as the documentation of TrainingTrace.Load says.",
                exception);
        }
    }

    private static PthDict ToPth(IterationTrace iteration)
    {
        PthDict stages = new();
        foreach (TraceStage stage in iteration.Stages)
        {
            PthDict values = new();
            foreach ((string name, TraceValue value) in stage.Values)
            {
                values[name] = ToPth(value);
            }

            stages[stage.Observation.Name] = values;
        }

        return new PthDict { ["iteration"] = iteration.Number, ["stages"] = stages };
    }

    private static PthValue ToPth(TraceValue value) => value switch
    {
        TraceNumber number => number.Value,
        TraceIntegers integers => Integers(integers.Values),
        TensorSnapshot { Content: SnapshotContent.Full } tensor => new PthTensor(tensor.ToTensor()),
        TensorSnapshot tensor => new PthDict { ["dtype"] = Types.First(type => type.Type == tensor.Type).Name, ["shape"] = Integers(tensor.Shape), ["sha256"] = tensor.Hash },
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "A trace holds numbers, whole numbers and tensors."),
    };

    private static PthSequence Integers(IEnumerable<long> values) => new(PthSequenceKind.List, values.Select(PthValue.FromInt64));

    private static IterationTrace ToIteration(PthValue value)
    {
        PthDict iteration = (PthDict)value;
        return new(checked((int)ToInteger(iteration["iteration"])), [.. ((PthDict)iteration["stages"]).Select(stage => ToStage(Text(stage.Key), (PthDict)stage.Value))]);
    }

    private static TraceStage ToStage(string name, PthDict values) =>
        new(new Observation(name), [.. values.Select(entry => KeyValuePair.Create(Text(entry.Key), ToValue(Text(entry.Key), entry.Value)))]);

    private static TraceValue ToValue(string name, PthValue value) => value switch
    {
        PthFloat number => new TraceNumber(number.Value),
        PthInteger number => new TraceNumber((double)number.Value),
        PthSequence sequence => new TraceIntegers([.. sequence.Items.Select(ToInteger)]),
        PthTensor tensor => TensorSnapshot.Of(tensor.Value),
        PthDict hash => TensorSnapshot.OfHash(TypeOf(Text(hash["dtype"])), [.. ((PthSequence)hash["shape"]).Items.Select(ToInteger)], Text(hash["sha256"])),
        _ => throw new FormatException($"The value '{name}' is a {value.GetType().Name}."),
    };

    private static ScalarType TypeOf(string name) => Types.FirstOrDefault(type => type.Name == name) is { Name: not null } type
        ? type.Type
        : throw new FormatException($"There is no type '{name}'. Types: {string.Join(", ", Types.Select(known => known.Name))}.");

    private static string Text(PthValue value) => ((PthText)value).Value;

    private static long ToInteger(PthValue value) => (long)((PthInteger)value).Value;
}
