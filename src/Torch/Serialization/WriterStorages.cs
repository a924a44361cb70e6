using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Torch.Serialization;

/// <summary>The storages of the tensors that are written. Those that begin at the same address are one.</summary>
[HoldsTensors("owner: whoever writes; lives for one file")]
internal sealed class WriterStorages
{
    private readonly List<WriterStorage> all = [];
    private readonly Dictionary<nint, WriterStorage> byAddress = [];
    private readonly Dictionary<Tensor, (Tensor Plain, WriterStorage Storage)> byTensor = new(ReferenceEqualityComparer.Instance);

    /// <summary>Finds the storages of tensors.</summary>
    /// <param name="tensors">The tensors. Borrowed. Copies of conjugated and negated views belong to the caller's scope.</param>
    /// <exception cref="PthException">A tensor cannot be written.</exception>
    public WriterStorages(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
        {
            Tensor plain = Plain(tensor);
            WriterStorage storage = StorageOf(plain);
            storage.Cover(plain);
            byTensor.Add(tensor, (plain, storage));
        }

        foreach ((Tensor plain, WriterStorage storage) in byTensor.Values)
        {
            RequireReadable(plain, storage);
        }
    }

    /// <summary>Gets the storages in the order of their keys.</summary>
    public IReadOnlyList<WriterStorage> All => all;

    /// <summary>Gets what is written of a tensor: a tensor that shows its storage as it is, and the storage.</summary>
    public (Tensor Plain, WriterStorage Storage) Of(Tensor tensor) => byTensor[tensor];

    // A conjugated or negated view shows other values than its storage has. The flags for that came with PyTorch 2, so the values themselves are written.
    private static Tensor Plain(Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU)
        {
            throw new PthException($"A tensor on {tensor.device} cannot be written as it is. Write tensor.cpu().");
        }

        if (tensor.is_sparse)
        {
            throw new PthException($"A sparse tensor of shape [{string.Join(", ", tensor.shape)}] cannot be written. Write tensor.to_dense().");
        }

        StorageTypes.Of(tensor.dtype);
        return tensor.is_neg() || (tensor.is_complex() && tensor.is_conj()) ? tensor.detach().resolve_conj().resolve_neg() : tensor;
    }

    // The reader does not take it.
    private static void RequireReadable(Tensor plain, WriterStorage storage)
    {
        if (plain.numel() > (Int128)storage.Count * PickleTensors.MostRepetitions)
        {
            throw new PthException(
                $"A tensor of shape [{string.Join(", ", plain.shape)}] shows {storage.Count} elements over and over; each may be shown {PickleTensors.MostRepetitions} times. "
                + "Write tensor.contiguous().");
        }
    }

    private WriterStorage StorageOf(Tensor tensor)
    {
        // An empty tensor shares no elements with any other.
        nint address = tensor.numel() > 0 ? StorageMemory.AddressOf(tensor) : 0;
        if (address == 0 || !byAddress.TryGetValue(address, out WriterStorage? storage))
        {
            storage = new WriterStorage(all.Count, tensor);
            all.Add(storage);
            if (address != 0)
            {
                byAddress.Add(address, storage);
            }
        }

        return storage;
    }
}
