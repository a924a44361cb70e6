using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>The storages of a file by their keys, each made once.</summary>
/// <param name="budget">Says how large they may be.</param>
/// <param name="load">Makes a storage.</param>
[HoldsTensors("owner: the dispose scope of the reading")]
internal sealed class StorageTable(ReadBudget budget, Func<StorageReference, ScalarType, Tensor> load)
{
    private readonly OrderedDictionary<string, (StorageReference Reference, PthTensor Storage)> storages = [];

    /// <summary>Gets the keys in the order in which the file names them.</summary>
    public IReadOnlyList<string> Keys => storages.Keys;

    /// <summary>Finds a storage that was named before.</summary>
    public Tensor? Find(string key) => storages.TryGetValue(key, out (StorageReference, PthTensor Storage) known) ? known.Storage.Value : null;

    /// <summary>Gets what a pickle refers to.</summary>
    /// <exception cref="PthException">It is no storage, has other data than when it was named before, or is larger than the file.</exception>
    public PthTensor Get(PthSequence id)
    {
        StorageReference reference = StorageReference.Of(id);
        (ScalarType type, int size) = StorageTypes.Of(reference.Type);
        if (storages.TryGetValue(reference.Key, out (StorageReference Reference, PthTensor Storage) known))
        {
            return known.Reference == reference ? known.Storage : Again(known.Reference, reference, type);
        }

        budget.TakeStorage((Int128)reference.Count * size);
        budget.TakeTensor();
        PthTensor storage = new(load(reference, type)) { IsStorage = true };
        storages.Add(reference.Key, (reference, storage));
        return storage;
    }

    // torch.save lets several types show one storage if it is empty, and only then.
    private PthTensor Again(StorageReference known, StorageReference reference, ScalarType type)
    {
        if (known.Count > 0 || reference.Count > 0)
        {
            throw new PthException(
                $"The file says of storage '{reference.Key}' that it has {known.Count} elements of {known.Type}, and again that it has {reference.Count} of {reference.Type}. "
                + "It is damaged.");
        }

        budget.TakeTensor();
        return new PthTensor(empty([0], type)) { IsStorage = true };
    }
}
