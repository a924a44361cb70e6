namespace Compat.Torch.Serialization;

/// <summary>What a file may take while it is read, in proportion to its size: a few bytes can ask for copies of all the others, again and again.</summary>
/// <remarks>
/// Every value is charged before it is built, at about its size in memory, copies and values that are thrown away included. An honest file stays below half:
/// <c>torch.save</c> spends over 60 bytes on a tensor, 15 on a dictionary and 3 on a number. Tensors are counted apart, since most of one is native, and their elements too.
/// </remarks>
internal sealed class ReadBudget(long fileLength)
{
    /// <summary>How many bytes of values a byte of the file may become.</summary>
    public const int TimesOfFile = 16;

    /// <summary>What a file of any size may take.</summary>
    public const long Free = 64L << 20;

    private const int BytesOfFileForTensor = 16;
    private const int FreeTensors = 1 << 16;
    private const int BytesOfNode = 24;
    private const int BytesOfItem = 16;
    private const int BytesOfEntry = 40;

    /// <summary>Gets how many bytes may be taken, tensors' elements apart.</summary>
    public long Limit { get; } = Free + (TimesOfFile * fileLength);

    /// <summary>Gets how many values were built.</summary>
    public long Nodes { get; private set; }

    /// <summary>Gets how many bytes these took.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gets how many tensors and storages were made.</summary>
    public long Tensors { get; private set; }

    /// <summary>Gets how many bytes of storages the file names. They may not be more than the file.</summary>
    public long StorageBytes { get; private set; }

    /// <summary>Takes a value and what hangs on it.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void TakeNode(long bytes = 0) => TakeNodes(1, bytes);

    /// <summary>Takes several values.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void TakeNodes(long count, long bytes = 0)
    {
        Nodes += count;
        TakeBytes((count * BytesOfNode) + bytes);
    }

    /// <summary>Takes places in a list.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void TakeItems(long count) => TakeBytes(count * BytesOfItem);

    /// <summary>Takes places in a dictionary or set.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void TakeEntries(long count) => TakeBytes(count * BytesOfEntry);

    /// <summary>Takes memory.</summary>
    /// <exception cref="PthException">The budget does not suffice.</exception>
    public void TakeBytes(long bytes)
    {
        Bytes += bytes;
        if (Bytes > Limit)
        {
            throw new PthException(
                $"The file asks for more than {Limit >> 20} MiB of values ({Nodes} so far), although it has only {fileLength} bytes: no honest checkpoint does that. It is "
                + "damaged, or made to take all memory; do not use it.");
        }
    }

    /// <summary>Takes a tensor, without its elements.</summary>
    /// <exception cref="PthException">There are more than a file of this size can describe.</exception>
    public void TakeTensor()
    {
        TakeNode(BytesOfNode);
        Tensors++;
        if (Tensors > FreeTensors + (fileLength / BytesOfFileForTensor))
        {
            throw new PthException(
                $"The file asks for more than {Tensors - 1} tensors, although it has only {fileLength} bytes: no honest checkpoint does that. It is damaged, or made to take "
                + "all memory; do not use it.");
        }
    }

    /// <summary>Takes the elements of a storage.</summary>
    /// <exception cref="PthException">The storages together are larger than the file.</exception>
    public void TakeStorage(Int128 bytes)
    {
        Int128 promised = StorageBytes + bytes;
        if (promised > fileLength)
        {
            throw new PthException(
                $"The file promises {promised} bytes of storages, but has only {fileLength} bytes in all. It was cut off, or its storages lie over one another: copy it again.");
        }

        StorageBytes = (long)promised;
    }
}
