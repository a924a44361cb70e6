using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>PyTorch's names of storages, one for each element type.</summary>
internal static class StorageTypes
{
    private static readonly (string Name, ScalarType Type, int Size)[] All =
    [
        ("FloatStorage", ScalarType.Float32, 4),
        ("DoubleStorage", ScalarType.Float64, 8),
        ("HalfStorage", ScalarType.Float16, 2),
        ("BFloat16Storage", ScalarType.BFloat16, 2),
        ("LongStorage", ScalarType.Int64, 8),
        ("IntStorage", ScalarType.Int32, 4),
        ("ShortStorage", ScalarType.Int16, 2),
        ("CharStorage", ScalarType.Int8, 1),
        ("ByteStorage", ScalarType.Byte, 1),
        ("BoolStorage", ScalarType.Bool, 1),
        ("ComplexFloatStorage", ScalarType.ComplexFloat32, 8),
        ("ComplexDoubleStorage", ScalarType.ComplexFloat64, 16),
    ];

    public static bool Exists(string name) => Array.Exists(All, entry => entry.Name == name);

    public static (ScalarType Type, int Size) Of(string name)
    {
        (string _, ScalarType type, int size) = Array.Find(All, entry => entry.Name == name);
        return size > 0 ? (type, size) : throw new PthException($"The file has a storage of type '{name}'. Known are {string.Join(", ", All.Select(entry => entry.Name))}.");
    }

    public static (string Name, int Size) Of(ScalarType type)
    {
        (string name, ScalarType _, int size) = Array.Find(All, entry => entry.Type == type);
        return name is not null ? (name, size) : throw new PthException($"A tensor of type {type} cannot be written. Convert it, for example with .to(ScalarType.Float32).");
    }
}
