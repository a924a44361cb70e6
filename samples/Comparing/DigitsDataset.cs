using System.Globalization;
using System.IO.Compression;
using Compat.Torch;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Comparing;

/// <summary>One part of the handwritten digits: every fifth image is for testing, the others are for training.</summary>
[HoldsTensors("owner: this dataset; freed by its Dispose")]
internal sealed class DigitsDataset : Dataset, IDisposable
{
    private const int Pixels = 64;

    private readonly StateTensor images;
    private readonly StateTensor labels;

    private DigitsDataset(int[][] rows)
    {
        Count = rows.Length;
        using Tensor pixels = tensor(rows.SelectMany(row => row.Take(Pixels).Select(value => value / 16f)).ToArray());
        using Tensor shaped = pixels.reshape(Count, 1, 8, 8);
        using Tensor digits = tensor(rows.Select(row => (long)row[Pixels]).ToArray());
        images = new StateTensor(shaped);
        labels = new StateTensor(digits);
    }

    public static string DefaultPath => Path.Combine(AppContext.BaseDirectory, "data", "digits.csv.gz");

    public override int Count { get; }

    public override DataBatch this[int index] => new DigitsBatch(images.Value[index], labels.Value[index]);

    /// <summary>Reads both parts.</summary>
    /// <exception cref="FileNotFoundException">The data file is missing.</exception>
    /// <exception cref="InvalidDataException">The file is not what it should be.</exception>
    public static (DigitsDataset Train, DigitsDataset Test) Load(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(
                $"The data file '{path}' is missing. It comes with the sample as samples/Comparing/data/digits.csv.gz; build the sample again.", path);
        }

        int[][] rows = [.. Read(path)];
        return (new([.. rows.Where((_, index) => index % 5 != 4)]), new([.. rows.Where((_, index) => index % 5 == 4)]));
    }

    public void Dispose()
    {
        images.Dispose();
        labels.Dispose();
    }

    private static IEnumerable<int[]> Read(string path)
    {
        using GZipStream unzipped = new(File.OpenRead(path), CompressionMode.Decompress);
        using StreamReader reader = new(unzipped);
        for (int line = 1; reader.ReadLine() is { } text; line++)
        {
            string[] cells = text.Split(',');
            yield return cells.Length == Pixels + 1
                ? Array.ConvertAll(cells, cell => (int)double.Parse(cell, CultureInfo.InvariantCulture))
                : throw new InvalidDataException(
                    $"Line {line} of '{path}' has {cells.Length} values; it should have {Pixels + 1}: 64 pixels and the digit. "
                    + "Restore the file from the repository.");
        }
    }
}
