namespace Compat.Torch.Serialization;

/// <summary>What a pickle says of a storage: <c>('storage', torch.FloatStorage, key, location, elements)</c>.</summary>
internal readonly record struct StorageReference(string Type, string Key, long Count)
{
    /// <exception cref="PthException">It says something else.</exception>
    public static StorageReference Of(PthSequence id) =>
        id.Items is [PthText { Value: "storage" }, PthObject type, PthText { Value.Length: <= 100 } key, PthText, PthInteger count, ..]
        && count.Value >= 0
        && count.Value < long.MaxValue / 16
        && (id.Items.Count == 5 || id.Items[5] is PthNone)
            ? new(type.Name.Split('.')[^1], key.Value, (long)count.Value)
            : throw new PthException("The file refers to a storage in a way that torch.save does not. It is damaged.");
}
